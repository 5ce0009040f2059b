"""Bulk queries: everything a shop has of a kind, in a few calls, whatever its size."""
