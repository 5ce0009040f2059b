"""How much a selection is."""
