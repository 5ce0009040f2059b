"""/api/schedules: previews and reconciles that run by themselves.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
