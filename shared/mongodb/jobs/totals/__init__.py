"""Totals of jobs: a tally for each ended batch, their sum, and the progress BOM by BOM."""
