"""Fixtures of all tests in the browser: made once in each process."""

from tests.browser.chromium import chromium
from tests.browser.site import open_site, site

__all__ = ["chromium", "open_site", "site"]
