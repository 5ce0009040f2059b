"""The probes, each a function that tries some facts and says what it saw; `probing` is what they work with.

A probe leaves the two levels stocked, with whatever they hold; what was there before is restored at the end of the run.
"""
