"""The reconciler: no public HTTP, only messages. Roles: planner, worker, aggregator, sweeper."""
