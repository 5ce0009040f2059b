"""Benchmarks: each prints what it measured and the peer it measured against in the same run."""
