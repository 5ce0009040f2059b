"""/api/drift: missed webhooks, the policy of their repair, and a person's say in it."""
