"""HTTP servers within bounds: what a stranger may make a process hold has a largest size.

`server` starts one; `connections` and `bodies` hold the bounds of `limits`, `refusals` are the answers to what is
beyond.
"""
