"""The life of a number, read together from what others have written; it owns no collection.

`cell_story` puts pages together, `sources` are what it reads, `happened` is one thing that has happened to a cell, and
`runs_of_boms` finds the jobs that had to do with some BOMs.
"""
