"""Pushes: made in a transaction, sent until their outcome is known, settled row by row.

`to_shopify` is the loop of the three.
"""
