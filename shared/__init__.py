"""What all three services use: the pure domain, the message contract, and the adapters.

Layers, from below: `domain`, `contract`, the adapters (`mongodb`, `rabbitmq`, `shopify`), `reading`, then `shop_life`,
`schedules` and `importing`; none knows one above it. The modules beside them are what every process has: settings,
metrics, errors, rounds.
"""
