"""The sweeper: missed webhooks found, recorded with evidence, and repaired as the shop's policy says."""
