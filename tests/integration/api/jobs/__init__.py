"""Jobs from their request to their events."""
