"""Fixtures of the page's tests."""

from support.browser import browser, chromium
from support.page import page, shown, visitor

__all__ = ["browser", "chromium", "page", "shown", "visitor"]
