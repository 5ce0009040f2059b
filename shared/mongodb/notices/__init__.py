"""What a shop is told: notices, who is told of them by which way, and deliveries. Owns notices, deliveries,
webhook_targets and notification_settings.

`notice` and `recipients` have the records; `notices`, `deliveries`, `targets` and `mail` the stores that make them;
`happenings` reads from the records of others what has happened, and writes nothing.
"""
