"""The worker: a batch of one shop's cells is taken to its end, in either direction.

`lanes` bring the cells, several batches of a shop side by side; `cells` find from the documents where each stands, and
take it to its end. `verify_rounds` read once more what was settled. Put together in `role`.
"""
