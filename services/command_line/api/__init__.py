"""The API as a command asks it: one interface, reached in two ways.

`client` asks and reads the answers, `problems` says in a command's words what was refused. `reaching` chooses the way:
`over_http` with a key (`TRUEUP_URL`, `TRUEUP_KEY`), or `over_stores`, where this process serves the same routes to
itself. Whatever a command prints comes from these answers, so both ways print the same.
"""
