"""Schedules and their runs, one document per moment. Owns schedules and schedule_runs."""
