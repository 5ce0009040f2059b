"""Missed webhooks and their evidence (`missed` the records, `missed_form` their documents, `drift` the store), by the
hour (`history`), and what each shop's sweep keeps (`sweeps`).

Owns drift and drift_hours; `sweeps` owns the sweep's fields of a shop's document.
"""
