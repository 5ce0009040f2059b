"""What cells cost, counted, and that it grows no faster than they do."""
