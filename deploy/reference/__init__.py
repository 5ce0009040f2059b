"""Writes docs/reference/*.md from the code, so that what is written there is what runs."""
