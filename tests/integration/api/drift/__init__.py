"""Drift and its history."""
