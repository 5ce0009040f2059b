"""Changes asked for under a client's own key, with the first answer to each. Owns idempotency_keys.

`keyed_requests` reads and writes them, `documents` describes them. Nothing else looks at them: whatever a request has
changed stands in its own aggregate.
"""
