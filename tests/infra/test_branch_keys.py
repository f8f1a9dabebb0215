"""A branch is the unit of scale: every key of what belongs to one begins with it, so that rows can be parted by it."""

import re
from pathlib import Path

import asyncpg

PLAN = Path(__file__).parent.parent.parent / "deploy" / "capacity.md"
KEYS = """
SELECT n.nspname || '.' || t.relname AS name, array_agg(a.attname ORDER BY k.nth) AS columns
FROM pg_index AS i
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, nth)
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum
WHERE n.nspname IN ('journal', 'tables') AND i.indisunique
GROUP BY i.indexrelid, name
"""
FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text AS name, c.confrelid::regclass::text AS target
FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = c.connamespace
WHERE n.nspname IN ('journal', 'tables') AND c.contype = 'f'
"""
TABLES = """
SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('journal', 'tables')
"""


async def test_every_key_of_what_belongs_to_a_branch_begins_with_it(database: str) -> None:
    parted, everywhere = _planned("by branch"), _planned("everywhere")
    connection = await asyncpg.connect(database)
    try:
        tables = {row["name"] for row in await connection.fetch(TABLES)}
        keys = await connection.fetch(KEYS)
        links = await connection.fetch(FOREIGN_KEYS)
    finally:
        await connection.close()
    assert parted | everywhere == tables, "the plan names every table once"
    assert not parted & everywhere
    assert parted <= {key["name"] for key in keys}, "each has a key"
    for key in keys:
        assert key["name"] in everywhere or key["columns"][0] == "branch_id", key
    for link in links:  # a link may lead to what is everywhere, or stay there; never from there into one part
        assert link["target"] in everywhere, link


def _planned(how: str) -> set[str]:
    """The tables that the plan lays out in this way, each with a reason."""
    return set(re.findall(rf"^\| `([a-z_.]+)` \| {how} \| \S.* \|$", PLAN.read_text(encoding="utf-8"), re.MULTILINE))
