"""Lanes: batches side by side, pauses, long calls, and shops that do not hold each other up."""
