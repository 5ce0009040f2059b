"""The stock of cells and its ledger, written together, each write under the `rev` that was read.

Owns stock, ledger, adjustments and the wishes for verifying reads. What may become of a stock document is decided by
`shared.domain.stock` alone.
"""
