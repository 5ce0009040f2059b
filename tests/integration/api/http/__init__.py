"""What holds for every operation: limits, ports, the page's files."""
