"""/api/audit: who did what to the shop's records.

`routes` has the handler and its table, `models` what is shown, `view` makes it of what is stored.
"""
