"""What Trueup was run with: rows written by a run (`make support-row`), and the page made of them.

`row` is one and how it is kept, `servers` what versions are found, `page` the page, `__main__` the run. Nothing here is
written by hand: a version stands on the page because a run found it.
"""
