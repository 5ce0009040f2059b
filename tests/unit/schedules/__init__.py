"""Moments of schedules, and the addresses told of their runs."""
