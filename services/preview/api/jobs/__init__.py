"""/api/jobs: start a job, watch it, read its cells, cancel it, repeat what failed, undo it."""
