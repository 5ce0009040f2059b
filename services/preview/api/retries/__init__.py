"""/api/jobs/{job_id}/retry: the failed cells of an ended job once more, as a new job.

`routes` has the handler and its table, `models` what is taken and shown, `view` what a retry can do by what is stored.
"""
