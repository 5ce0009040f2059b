"""HTTP servers within bounds: what a stranger may make a process hold has a largest size."""
