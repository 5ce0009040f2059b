"""Where benchmarks play: processes, shops in drift, a clock that two processes share."""
