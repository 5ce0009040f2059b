"""One shop's state: catalogue, stock with its ledger, orders, tokens, points, keys, calls."""
