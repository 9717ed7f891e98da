"""How Postgres finds the rows of a request, as it runs it: with row-level security on."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass
class Plan:
    """Of one statement that was run once more, with EXPLAIN."""

    sql: str
    nodes: list[dict]

    @property
    def answered(self) -> int:
        """How many rows were answered, or changed."""
        return self.nodes[self.nodes[0]["Node Type"] == "ModifyTable"]["Actual Rows"]

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.main if "Index Name" in node}

    @property
    def sorts_rows(self) -> bool:
        return any("Sort" in node["Node Type"] for node in self.main)

    @property
    def main(self) -> list[dict]:
        """Without what is asked for each row that is answered."""
        return [node for node in self.nodes if not node["per row"]]

    @property
    def tables(self) -> set[str]:
        return {node["Relation Name"] for node in self.main if "Relation Name" in node}

    def read(self, table: str) -> int:
        """How many of the table's rows were looked at, whether they were taken or not."""
        scans = [node for node in self.main if node.get("Relation Name") == table and "Scan" in node["Node Type"]]
        return sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
        )


def walk(node: dict, per_row: bool = False) -> Iterator[dict]:
    per_row = per_row or node.get("Parent Relationship") == "SubPlan"
    yield {**node, "per row": per_row}
    for below in node.get("Plans", []):
        yield from walk(below, per_row)


def explain(sql: str) -> Plan:
    # What sets the role and the owner for this statement stands before it (ownership/row_level_security/__init__.py).
    prefix, separator, statement = sql.rpartition("true);")
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix}{separator}EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("SELECT set_config('role', 'none', true), set_config('app.owner', '', true)")
    return Plan(statement, list(walk(plan)))


def plans_of(queries: CaptureQueriesContext, containing: str = "") -> list[Plan]:
    """Of those statements that look for rows."""
    statements = [query["sql"] for query in queries.captured_queries if containing in query["sql"]]
    return [explain(sql) for sql in statements if " WHERE " in sql]
