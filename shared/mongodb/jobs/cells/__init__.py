"""Cells of jobs: their record, their document, their store, and their places in the window."""
