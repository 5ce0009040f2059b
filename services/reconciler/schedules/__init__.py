"""Schedules: runs begun at their moments, followed to their end, and told of."""
