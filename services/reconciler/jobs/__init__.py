"""What planner and aggregator share of a job: where its cells come from, its window, what is published of it."""
