"""The simulator beside what was recorded of a real store."""
