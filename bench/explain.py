"""How Postgres runs a request: its plans, and how many blocks of 8 kB it touches, which doesn't vary between runs.

python -m bench.explain, on the database of DATABASE_URL: answers each line of standard input, a call as a JSON list
[token, method, path, body], with its plans as JSON. Needs the right to load auto_explain.
"""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from bench.servers import ROOT, our_environment

# Checks of foreign keys are nested statements.
WATCH = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0; SET auto_explain.log_level = notice; SET auto_explain.log_format = json;
SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on; SET auto_explain.log_nested_statements = on;
"""


@dataclass(frozen=True)
class Call:
    token: str
    path: str
    method: str = "GET"
    body: str = ""


def plans(url: str, calls: Iterable[Call]) -> list[list[dict]]:
    """Run these calls, and return the plans of their statements."""
    lines = "".join(json.dumps([each.token, each.method, each.path, each.body]) + "\n" for each in calls)
    command = [sys.executable, "-m", "bench.explain"]
    done = subprocess.run(command, env=our_environment(url), cwd=ROOT, input=lines, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-4000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def blocks(plans: list[dict]) -> int:
    """The number of blocks that these statements touched, cached or not."""
    return sum(each["Plan"]["Shared Hit Blocks"] + each["Plan"]["Shared Read Blocks"] for each in plans)


def outline(node: dict, depth: int = 0) -> str:
    """A plan as text: each step with its table, its loops, and its blocks including those of the steps below."""
    kind = " ".join(node[key] for key in ("Node Type", "Relation Name", "Index Name") if key in node)
    rows = f"{node['Actual Rows']} rows x {node['Actual Loops']}, -{node.get('Rows Removed by Filter', 0)}"
    line = f"{'  ' * depth}{kind}: {rows}, {node['Shared Hit Blocks'] + node['Shared Read Blocks']} blocks\n"
    return line + "".join(outline(below, depth + 1) for below in node.get("Plans", []))


def explained(token: str, method: str, path: str, body: str) -> list[dict]:
    from django.db import connection
    from django.test import Client

    connection.ensure_connection()
    connection.connection.notices = deque()
    response = Client().generic(
        method, path, body, "application/json", headers={"Authorization": f"Bearer {token}", "Host": "localhost"}
    )
    assert response.status_code in (200, 201), response.content
    said = [notice.partition("plan:\n")[2] for notice in connection.connection.notices]
    return [json.loads(plan) for plan in said if plan]


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.LOGGING_CONFIG = None
    with connection.cursor() as cursor:
        cursor.execute(WATCH)
    for line in sys.stdin:
        print(json.dumps(explained(*json.loads(line))), flush=True)
