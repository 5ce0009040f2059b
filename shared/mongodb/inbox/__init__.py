"""What came in: keys of webhooks that had their effect, and messages that nobody could handle.

Owns webhook_events and dead_letters.
"""
