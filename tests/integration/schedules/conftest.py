"""The shop that each test of schedules has for itself."""

from tests.integration.schedules.schedule_setup import world

__all__ = ["world"]
