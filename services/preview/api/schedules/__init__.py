"""/api/schedules: previews and reconciles that run by themselves.

`routes` has the handlers of schedules and their table, `run_routes` those of their runs, `models` and `timings` what is
taken and shown, `view` makes the shown of what is stored.
"""
