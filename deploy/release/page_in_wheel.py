"""A step of the wheel's build: the built admin page goes in, to where the preview service looks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = Path("admin_ui", "dist")
INSIDE = "services/preview/page/dist"


class PageInWheel(BuildHookInterface):  # type: ignore[type-arg]  # generic for type checkers only, not when it runs
    """Adds the page. An install in place needs none: there the page stays where its build leaves it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files are gathered. Raises FileNotFoundError where the page is not built."""
        if version == "editable":
            return
        page = Path(self.root, PAGE)
        if not (page / "index.html").is_file():
            message = f"there is no {PAGE}/index.html: build the admin page first (`make page`), or use `make wheel`"
            raise FileNotFoundError(message)
        build_data["force_include"][str(page)] = INSIDE
