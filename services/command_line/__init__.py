"""The command `trueup`, which composes the services."""
