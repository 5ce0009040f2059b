"""/api/schedules: previews and reconciles that run by themselves."""
