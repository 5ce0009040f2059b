"""Where the tests' RabbitMQ and MongoDB come from: TRUEUP_TEST_BACKEND=local (default) or containers."""
