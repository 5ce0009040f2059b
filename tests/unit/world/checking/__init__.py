"""Who judges the small world: the oracle, its books, and the mistakes that it must find."""
