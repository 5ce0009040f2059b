"""What can go wrong with a local node."""


class LocalNodeError(Exception):
    """A server could not be found or started. The message is one line with the remedy, fit for a person."""
