"""How Postgres finds the rows of a request: python -m bench.explain TOKEN PATH, on the database of DATABASE_URL."""

import os
import subprocess
import sys
from pathlib import Path

from bench.servers import our_environment


def explain(url: str, token: str, path: str) -> str:
    """The plan of the last query of this GET, with its times."""
    command = [sys.executable, "-m", "bench.explain", token, path]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, env=our_environment(url), cwd=root, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else done.stderr[-2000:]


def plan(token: str, path: str) -> str:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        Client().get(path, headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    # What sets the role and the owner for this statement stands before it.
    prefix, separator, statement = queries.captured_queries[-1]["sql"].rpartition("true);")
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix}{separator}EXPLAIN (ANALYZE, COSTS OFF) {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(plan(*sys.argv[1:]))
