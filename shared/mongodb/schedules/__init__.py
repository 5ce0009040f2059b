"""Schedules and their runs, one document per moment. Owns schedules and schedule_runs.

`schedule` and `run` have the records that everybody sees, `schedules` and `runs` the stores that make them;
`schedule_form` and `run_form` alone know their documents.
"""
