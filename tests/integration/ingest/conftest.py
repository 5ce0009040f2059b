"""Fixtures of all tests of the webhook service: one service for a module."""

from tests.integration.ingest.ingest_setup import world

__all__ = ["world"]
