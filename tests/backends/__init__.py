"""Where the tests' RabbitMQ and MongoDB come from: TRUEUP_TEST_BACKEND=local (default) or containers.

`fixtures` hands out servers and places on them; `places` are vhosts and databases that go from test to test, emptied.
"""
