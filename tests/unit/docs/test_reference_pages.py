"""What docs/reference says is what the code does."""

import pytest

from deploy.reference.__main__ import DIRECTORY, PAGES, text_of


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_current(name: str) -> None:
    """Each page is what `make reference` would write now."""
    assert (DIRECTORY / name).read_text(encoding="utf-8") == text_of(name), "run `make reference`"
