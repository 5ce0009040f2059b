"""What an operator does: prepare the servers, serve, look for drift, read dead letters and the log of acts, restore."""
