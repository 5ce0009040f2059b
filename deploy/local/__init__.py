"""Private RabbitMQ and MongoDB nodes for the demo and the tests, on free ports, gone with whoever started them."""
