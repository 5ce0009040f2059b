"""Pages of lists, each found by the sort keys of the one before."""
