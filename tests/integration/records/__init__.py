"""The app's own records and the ledger that explains them."""
