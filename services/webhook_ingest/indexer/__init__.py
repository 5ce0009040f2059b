"""The indexer: events wait in a lane per shop, and are applied in batches, acknowledged after the commit.

`levels` observes values (rule 1), `items` and `effects` handle the rest; `bodies` is the only place that reads
Shopify's JSON.
"""
