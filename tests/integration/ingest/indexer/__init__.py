"""The indexer: one effect per event, whatever is repeated, late or out of order."""
