"""A command lives for a moment: looking for garbage among what it loads would be a third of its work."""

from __future__ import annotations

import gc


def put_off() -> None:
    """Look for none while modules are loaded: all of them stay."""
    gc.disable()


def look_from_now_on() -> None:
    """Look for it among what is made from now on; what is loaded is left out. Nothing where it was never put off."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def leave_to_the_system() -> None:
    """At the end of the process: all memory goes back at once."""
    gc.freeze()
