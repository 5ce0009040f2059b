"""Dashboards and alerts on a real Prometheus that reads the running services."""
