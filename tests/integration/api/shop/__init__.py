"""Tests of /api/shop."""
