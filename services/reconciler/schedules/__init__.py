"""Schedules: runs begun at their moments, followed to their end, and their outcomes delivered."""
