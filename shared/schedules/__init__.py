"""Schedules: their moments in a time zone, and the addresses that are told of their outcome."""
