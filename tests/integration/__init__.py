"""Tests on a real RabbitMQ and a real MongoDB."""
