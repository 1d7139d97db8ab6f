"""Tests that share what takes long run in one process."""

from __future__ import annotations

import pytest


def test_the_group_of_a_test_reaches_the_process_that_deals_them_out(request: pytest.FixtureRequest) -> None:
    """It is told by the end of a test's name. Without it every process makes everything anew, and nothing says so.

    pytest 9.2 drops what pytest-xdist 3.8 appends: github.com/pytest-dev/pytest-xdist/issues/1386.
    """
    if not request.config.getoption("loadgroup", False):
        pytest.skip("the tests of one process need no group")
    assert request.node.nodeid.endswith("@test_grouping.py")
