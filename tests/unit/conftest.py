"""Hypothesis' profiles: here and not above, since loading it costs half a second and only these tests use it."""

import os

from hypothesis import settings

# `ci` finds the same examples on every run, however slow the machine; `explore` looks for new ones.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("TRUEUP_HYPOTHESIS_PROFILE", "ci"))
