"""/api/keys: by which servers speak for the shop.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
