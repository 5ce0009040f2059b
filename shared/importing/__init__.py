"""Importing BOMs (`trueup boms import`, and the page): a shop's items and levels are read as a whole, BOMs are
made, cells get their base.

`importing` is the way through, step by step; every step may be repeated. `bom_file`, `skus` and `matching` say which
item a line means; `bom_making` and `first_bases` write. No count moves here.
"""
