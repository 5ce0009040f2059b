"""Cells from their batch to their end, in every state of stock and through every fault of a push."""
