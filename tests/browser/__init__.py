"""The admin page in a real browser, against running services, RabbitMQ, MongoDB and the simulator."""
