"""A shop's life, from its installation to its departure."""
