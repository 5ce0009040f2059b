"""No module leads back to itself: what a module needs can be read before it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

PACKAGES = ("shared", "services", "simulator", "deploy")


def test_no_import_circles() -> None:
    """Neither at run time, nor inside a function, nor for the type checker alone."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    modules = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    try:
        modules.prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))
