"""Schedules that run by themselves, on real servers."""
