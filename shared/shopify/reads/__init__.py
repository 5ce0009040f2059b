"""Reading levels and locations the cheapest way. Missing is never zero."""
