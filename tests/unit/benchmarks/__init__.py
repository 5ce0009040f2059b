"""What the benchmarks reckon with: medians, goals, counters, what is kept, and the text made of it."""
