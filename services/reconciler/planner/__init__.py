"""The planner: a `job.request` becomes a job with a number, then cells, then messages, a window at a time.

`overlap` says which jobs wait for each other; `dead_letters` gives cells back whose message the broker took away.
"""
