"""One call to Shopify: its turn at the shop's budget, its token, its time limit, and what every kind of reply means.

`client` is the way through; `budget`, `costs` and `hold_off` say when, `replies` what came back, `clock` Shopify's
time.
"""
