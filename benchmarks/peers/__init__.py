"""The same work by other task queues: one confirmed, persistent message and one majority write for each cell.

Each `_app` is run by the Python of the peers' own environment (`requirements/bench.txt`, made by `make bench`) and
imports nothing of Trueup. `work` is what all of them do; each is set up as its manual advises. `row_by_row` is the peer
that has no queue at all; `running` runs and judges them.
"""
