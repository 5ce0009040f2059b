"""How figures are counted, kept, held against their goals, and written as tables."""
