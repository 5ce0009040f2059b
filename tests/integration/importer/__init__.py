"""`trueup boms import` from the first read to the report, also killed half way."""
