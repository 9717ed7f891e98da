"""The plans with which Postgres runs a request, with row-level security on."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass
class Plan:
    """The plan of one statement, which is run again with EXPLAIN."""

    sql: str
    nodes: list[dict]

    @property
    def answered(self) -> int:
        """The number of rows that were returned or changed."""
        return self.nodes[self.nodes[0]["Node Type"] == "ModifyTable"]["Actual Rows"]

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.main if "Index Name" in node}

    @property
    def sorts_rows(self) -> bool:
        return any("Sort" in node["Node Type"] for node in self.main)

    @property
    def main(self) -> list[dict]:
        """The plan's nodes without those that run for each returned row."""
        return [node for node in self.nodes if not node["per row"]]

    @property
    def tables(self) -> set[str]:
        return {node["Relation Name"] for node in self.main if "Relation Name" in node}

    def read(self, table: str) -> int:
        """The number of rows of the table that were read, including those that were filtered out."""
        scans = [node for node in self.main if node.get("Relation Name") == table and "Scan" in node["Node Type"]]
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
        )


def empty_tables() -> None:
    """Begin with new files: rows that other tests deleted are still in the old ones, and Postgres counts their pages.

    Only before there are any users, and in a transaction that ends with a rollback.
    """
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE users_user CASCADE")


def walk(node: dict, per_row: bool = False) -> Iterator[dict]:
    per_row = per_row or node.get("Parent Relationship") == "SubPlan"
    yield {**node, "per row": per_row}
    for below in node.get("Plans", []):
        yield from walk(below, per_row)


def explain(sql: str) -> Plan:
    # Row-level security puts a statement in front that sets the role and the owner.
    prefix, separator, statement = sql.rpartition("true);")
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix}{separator}EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("SELECT set_config('role', 'none', true), set_config('app.owner', '', true)")
    return Plan(statement, list(walk(plan)))


def plans_of(queries: CaptureQueriesContext, containing: str = "") -> list[Plan]:
    """The plans of the statements that find rows."""
    statements = [query["sql"] for query in queries.captured_queries if containing in query["sql"]]
    return [explain(sql) for sql in statements if " WHERE " in sql]
