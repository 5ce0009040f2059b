"""The stock of cells and its ledger, written together, each write under the `rev` that was read.

Owns stock, ledger and adjustments. What may become of a stock document is decided by `shared.domain.stock` alone.
"""
