"""BOMs and their counts from the command line."""
