"""The webhook service: the front over HTTP, the indexer on the queue. `ingest_setup` has the service."""
