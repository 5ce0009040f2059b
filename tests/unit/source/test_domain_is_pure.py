"""The domain's imports: the standard library's pure modules and itself."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[3] / "shared" / "domain"
# Modules that reach the world outside, the clock or chance. import-linter names the same ones.
IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "selectors", "shutil",
    "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip  # one module a line would fill the page


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "shared.domain" if node.level == 0 else "shared.domain"


@pytest.mark.parametrize("module", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.name)
def test_domain_imports_the_standard_library_only(module: Path) -> None:
    """A domain module imports nothing but the domain and pure modules of the standard library."""
    for name in _imported(module):
        top = name.partition(".")[0]
        inside = name == "shared.domain" or name.startswith("shared.domain.")
        assert inside or (top in sys.stdlib_module_names and top not in IMPURE), f"{module.name} imports {name}"
