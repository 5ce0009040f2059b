"""Webhooks: how many a second, and the storm in which they are lost, doubled and reordered."""
