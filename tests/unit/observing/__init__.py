"""Logs, gauges and traces, and what never stands in them."""
