"""/api/jobs: start a job, watch it, read its cells, cancel it.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
Every job is asked for through `request`, also a retry and an undo; `named` finds the one that a path names.
"""
