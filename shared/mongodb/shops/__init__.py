"""A shop from its first token to its redaction. Owns shops, compliance and audit.

`shops` has its state and pauses, `tokens` what is stored encrypted, `acts` the log of who did what; `departures` and
`redaction` are how it ends.
"""
