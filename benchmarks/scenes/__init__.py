"""The scenes of `make bench`, each of which can be run alone (`make bench ONLY=cells,small`), in their order.

`scene` says what a scene is; `on_cells` has those of cells, latency and small jobs; `plan` the one of Shopify's points
against ours; `growth` those of more cells and more workers; `beside` the one of fairness; `on_webhooks`, `on_points`
and `on_page` theirs. What they measure with lies one folder above.
"""
