"""From a batch to the ends of its cells.

`cell_worker` finds where each stands: for a fresh one `first_steps`, by its row (`row_taker` where it has none), else
its push is followed. `to_shopify` is make (`push_maker`), send (`push_sender`), settle (`push_settler`); `to_local` is
read (`shopify_values`) and accept; `inventory_activation` stocks what is not stocked. What is written together is a
`unit_of_work`: the cell's last state or its new push, its stock and the ledger. `outcomes` are how cells end,
`finished_events` what is told of it.
"""
