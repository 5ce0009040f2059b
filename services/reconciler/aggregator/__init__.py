"""The aggregator: results gather in the job document, the end is published, and what stands still is found.

It needs no secret and calls nobody. `watchdog` takes up what a lost message left behind; `abandoned_shops` ends the
jobs of shops that are gone.
"""
