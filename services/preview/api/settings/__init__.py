"""/api/settings: what a merchant sets for every run of the shop.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
