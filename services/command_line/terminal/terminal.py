"""The terminal that every command prints on: text is text, neither markup nor emoji names nor control signs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from services.command_line.terminal.printable import printable


class Terminal(Console):
    """rich's console for text that anybody may have written: an item's name, who asked for a job, an error's words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich prints; a string is one line, whatever it holds. Where no person reads, no line is broken."""
        if not self.is_terminal:
            options.setdefault("soft_wrap", True)
        super().print(*(printable(shown) if isinstance(shown, str) else shown for shown in objects), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed, in pieces; what a piece says never acts on the terminal, only rich's own control does."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                # The ends of lines are rich's own by now.
                lines = segment.text.split("\n")
                yield Segment("\n".join(map(printable, lines)), segment.style)


def results() -> Terminal:
    """Standard output: what a command was asked for."""
    return Terminal()


def progress() -> Terminal:
    """Standard error: what it is doing meanwhile, and its questions."""
    return Terminal(stderr=True)
