"""Webhooks before any store: signature, envelope, body, lane."""
