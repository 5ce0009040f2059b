"""Mutations of inventory: what they change, and what they refuse in which words."""
