"""Settles on a real development store what is only believed of Shopify: `trueup certify`.

`facts` is the registry: what is believed, where it is from, who relies on it, what happens otherwise.
`probes` try them, through `guard`, which lets nothing be written but what was named, and nothing beyond the points.
`journal` keeps the values from before, durably and before anything changes; `restoring` brings them back.
`certification` is the run as a whole; `report`, `recordings` and `open_points` are what it leaves.
"""
