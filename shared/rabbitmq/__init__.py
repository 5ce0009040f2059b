"""The RabbitMQ adapter: topology as data, confirmed publishing, consuming, dead letters."""
