"""What holds over the whole tree of sources."""
