"""Imports over HTTP, on a shop that answers."""
