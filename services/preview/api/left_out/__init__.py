"""/api/jobs/{job_id}/left-out: what whoever started a job left out of its preview.

`routes` has the handler and its table, `models` what is taken and shown, `view` makes the lines of the job's own table.
"""
