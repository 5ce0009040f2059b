"""What holds for all services together: rights, secrets, fairness, traces, and reported trouble."""
