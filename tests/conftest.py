"""What all tests share."""

import pytest

pytest_plugins = ["tests.postgres", "tests.core", "tests.browsing"]

LONG = ("tests/documents/", "tests/deploy/", "tests/visit/", "tests/simulate/test_stage", "tests/test_bench")
"""They begin first, or a processor would idle while the last of them ends."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that share what was started for their module run in one process, or each would start its own."""
    if not config.getoption("loadgroup", default=False):
        return
    for item in items:
        if not isinstance(item, pytest.Function) or item.get_closest_marker("xdist_group"):
            continue
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        if any(one.scope == "module" for definitions in fixtures for one in definitions):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
