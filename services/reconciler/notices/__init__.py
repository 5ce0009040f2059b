"""Being told: what has happened to the shops is noted once, and goes out by webhooks and by mail.

`watcher` notes and settles notices, `spreader` hands each to the ways it is to be told by, `delivery_sender` and
`mail_sender` send; `mail_words` writes the mails.
"""
