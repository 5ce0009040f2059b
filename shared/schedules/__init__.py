"""Schedules: their moments in a time zone, and the addresses to which their outcomes are delivered."""
