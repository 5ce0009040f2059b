"""What every operation of the API shares: from the request line to the problem document.

`app` joins the routes of the nouns beside this folder; nothing else here knows a noun. A `route` is one operation, and
`dispatch` takes a request through it: who calls (`auth`, `sign_ins`), how often (`limits`), what is asked (`parsing`,
`pages`), the handler, which works with its `dependencies`, and the answer (`csv`, `sse` and its `hub` where it lasts).
What goes wrong becomes a `problem`, by `failures` where nobody expected it. `openapi` describes the table of routes,
`documents` serves that and `described` prints it; `explained` puts the domain's sentences into models.
"""
