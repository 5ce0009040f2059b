"""What crosses a process boundary: the messages on RabbitMQ and their AsyncAPI description."""
