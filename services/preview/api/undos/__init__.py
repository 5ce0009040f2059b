"""/api/jobs/{job_id}/undo: what an ended job changed is taken back, as a new job.

`routes` has the handlers and their table, `models` what is taken and shown, `view` what an undo would do to each
cell by what is stored.
"""
