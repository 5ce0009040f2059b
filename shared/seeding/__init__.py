"""Seeding a fresh shop: its items and levels are read as a whole, BOMs are made, and each cell gets its base."""
