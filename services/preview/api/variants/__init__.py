"""/api/variants: Shopify's variants, to map a BOM to one.

`routes` has the handler and its table, `models` what is taken and shown, `view` makes the shown of what was found.
"""
