"""Webhooks: subscriptions, signed deliveries, and what becomes of each on its way."""
