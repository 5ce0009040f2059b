"""/api/shop: the shop itself, as far as the page has to know it.

`routes` has the handler and its table, `models` what is shown.
"""
