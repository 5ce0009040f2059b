"""A shop from the command line: its token, its pauses, its BOMs and their import."""
