"""/api/audit: who did what to the shop's records."""
