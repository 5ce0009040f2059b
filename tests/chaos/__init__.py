"""Tests that kill, freeze and restart the servers."""
