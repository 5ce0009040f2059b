"""The HTTP API under /api: routes declared with their models, from which the OpenAPI document is made.

`http` is what every operation shares. Each noun has a folder: `routes` takes a call to the stores and answers it,
`models` is what is taken and shown, `view` makes the shown of what is stored. `selection_check` and `times_of_day`
serve every noun that takes a selection, or a time of day.
"""
