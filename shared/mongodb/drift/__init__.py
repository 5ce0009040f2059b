"""Missed webhooks and their evidence (`drift`), by the hour (`history`), and what each shop's sweep keeps
(`sweeps`).

Owns drift and drift_hours; `sweeps` owns the sweep's fields of a shop's document.
"""
