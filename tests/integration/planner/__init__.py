"""The planner on real servers: which jobs wait, which run side by side, what goes round again."""
