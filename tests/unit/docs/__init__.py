"""Documents say what is so: pages made from the sources, and names that exist."""
