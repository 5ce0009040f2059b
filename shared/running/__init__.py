"""How work is paced, repeated and run side by side: the clock, waits, rounds, pools, locks. Knows nothing of stock."""
