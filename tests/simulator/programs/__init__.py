"""The simulator as a program, its relay and its control API."""
