"""The worker: a batch of one shop's cells is taken to its end, in either direction.

`partitions` and `lanes` bring the cells, `cell_worker` finds from the documents where each stands. `to_shopify`
writes a push before it is `sending` it, and follows it to its `outcome`; `to_local` accepts what was read;
`activation` stocks what is not stocked. `ending` alone writes: the cell's last state, its stock and the ledger in one
transaction.
"""
