"""Fixtures of the tests that ask the running API whether it keeps to its description."""

from tests.integration.api.api_setup import shop, world

__all__ = ["shop", "world"]
