"""A shop's life: installed by its first session token, its tokens renewed, paused and resumed.

`access` is the token for a call, `installation` what the first one starts, `pause_probe` whether a paused shop may go
on; `wiring` puts them together for whoever calls Shopify.
"""
