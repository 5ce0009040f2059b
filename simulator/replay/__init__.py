"""Replays the recordings of a certification against the simulator: `python -m simulator.replay --recordings DIR`."""
