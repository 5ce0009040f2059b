"""Fixtures of all tests of the API: one service for a module, a shop for each test."""

from tests.integration.api.api_setup import shop, world

__all__ = ["shop", "world"]
