"""What every operation of the API shares: from the request line to the problem document.

`app` joins the routes of the nouns beside this folder; nothing else here knows a noun. A `route` is one operation, and
`dispatch` takes a request through it: who calls (`auth`, `sign_ins`), how often (`limits`), what is asked (`parsing`),
the handler, which works with its `dependencies`, once under a client's own key (`keyed`), and what goes back
(`responses`; `hub` has what an event stream follows). What goes wrong becomes a problem, by `failures` where nobody
expected it. `reference` describes the table of routes.
"""
