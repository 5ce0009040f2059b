"""The sweeper: missed webhooks are found, recorded with evidence, and repaired as the shop's policy says.

`sweeper` is the round; `change_scan` compares with the bases what has changed (`full_read`: everything), `confirmation`
is the second look after a period of grace, `repair` asks for jobs. No count and no base is written here.
"""
