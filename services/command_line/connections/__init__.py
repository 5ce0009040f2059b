"""What a command connects to: MongoDB, RabbitMQ, Shopify. Each is loaded when a command first asks for it."""
