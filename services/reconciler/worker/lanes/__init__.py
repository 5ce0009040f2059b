"""From the queues to batches: the partitions held by lease (`partitions`), a lane for each shop (`shop_lanes`).

A `lane` begins batches and knows what their ends mean for the others. What it has in hand is in `held_messages`, what
waits and until when in `waits`; `gathering` waits for what is on its way. Nothing here reads a cell or calls Shopify.
"""
