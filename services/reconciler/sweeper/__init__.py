"""The sweeper: missed webhooks are found, recorded with evidence, and repaired as the shop's policy says.

`sweeping` is the round; `looking` compares with the bases what has changed (`full_read`: everything), `confirming`
takes the second look after a period of grace, `repairing` asks for jobs. No count and no base is written here.
"""
