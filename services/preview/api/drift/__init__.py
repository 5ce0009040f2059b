"""/api/drift: missed webhooks, the policy of their repair, and a person's say in it.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
