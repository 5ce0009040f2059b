"""The reconciler: no public HTTP, only messages. Roles: planner, worker, aggregator, sweeper.

A folder for each, with `role` that puts it together; `schedules` and `shop_upkeep` run beside the sweeper, `jobs` is
what planner and aggregator share. `bootstrap` opens what all share (`resources`) and starts the roles.
"""
