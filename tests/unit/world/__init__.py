"""A small world in which the protocol of Trueup can be tried: Shopify, the documents, the workers, and chance.

Every decision is made by `shared.domain`; the world only mirrors what the services do around it. A transaction
is one atomic step. Each actor is a generator: every `yield` is a point where anything else may run, or where the
actor may die.

- `shopify`: values with times of whole seconds, messages, compare-and-set under idempotency keys
- `documents`: stock, ledger, jobs, cells, pushes, requests for reads
- `oracle`: independent bookkeeping, which knows what ought to be true and says where it is not
- `books`: what the oracle keeps of one cell
- `machines`: the preview and the verifier; `worker` and `pushing`: what a job does
- `mapping`: BOMs that are mapped to other items, removed and made again; `restoring`: an older state comes back
- `actions`: all that may happen next; `finish`: how everything comes to rest
- `explorer`: random histories; `mistakes`: rules broken on purpose, each of which must be found
"""
