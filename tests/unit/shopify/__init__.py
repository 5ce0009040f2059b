"""The budget and the prices of calls."""
