"""The rules of Trueup, without I/O: comparison, corrections, settling, planning, batching, totals, states.

Only the standard library is imported here; import-linter holds that. `words` has what people are told of them.
"""
