"""Who may do what on RabbitMQ, and why it refuses."""
