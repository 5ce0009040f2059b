"""What Trueup tells a merchant: every code, reason, pause and wait, each with its sentence and the remedy."""
