"""The whole OpenAPI document against the production server, by schemathesis: all its checks and phases, two users.

`make test-server` does a sample on Postgres, `make fuzz` the whole.
"""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from testing.proofs import FULL, size
from testing.servers import gunicorn
from tests.contract.run import PHASES, Run, all_of, try_contract

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite" and not FULL, reason="A sample is tried on Postgres.")
SEED = int(os.environ.get("FUZZ_SEED", "1"))
EXAMPLES = size(230, 1)  # for each operation
ROUNDS = size(4, 1)  # each with a seed and users of its own: schemathesis remembers all that it does
NEED_A_SECRET = {
    "POST /api/v1/auth/login/",
    "POST /api/v1/auth/password-reset/confirm/",
    "POST /api/v1/me/password/",
    "DELETE /api/v1/me/",
}
FORMATS = ("archive", "csv", "google-tasks", "ics", "microsoft-todo", "ticktick", "todoist", "vikunja")
NEED_A_FILE = {f"POST /api/v1/import/{each}/" for each in FORMATS}  # any text is a todo.txt
NEVER_ENDS = {"GET /api/v1/events/"}
# Most of the cases that are worked out: what is with tags is mostly so with all else.
LEFT_TO_THE_FULL_RUN = r"""
[phases.stateful]
generation = { max-examples = 10 }

[[operations]]
exclude-path-regex = "/tags/"
phases = { coverage = { enabled = false } }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[Run]:
    mail = {"EMAIL_URL": "dummymail:", "PUBLIC_URL": "https://todo.example.com"}
    with gunicorn(tmp_path_factory.mktemp("server"), processes=2, **mail) as server:

        def one(number: int) -> Run:
            directory = tmp_path_factory.mktemp("run")
            if not FULL:
                return try_contract(server, directory, SEED, EXAMPLES, more=LEFT_TO_THE_FULL_RUN)
            phases = "fuzzing,stateful" if number else PHASES  # what is worked out and not drawn is the same in each
            return try_contract(server, directory, SEED + number, EXAMPLES, phases)

        with ThreadPoolExecutor(2) as pool:
            yield all_of(list(pool.map(one, range(ROUNDS))), server)


def test_every_response_is_as_the_document_says(run, proved):
    print(run.table())
    proved("contract fuzz", len(run.cases), max(len(run.cases), 50_000))

    assert not run.failed, "\n".join(run.failed)


def test_every_call_of_the_document_is_tried(run, client):
    paths = client.get("/api/v1/schema/?format=json").json()["paths"]
    tried = {case["operation"] for case in run.cases}
    done = {case["operation"] for case in run.cases if case["did_it"]}

    assert {case["phase"] for case in run.cases} == {"examples", "coverage", "fuzzing", "stateful"}
    assert tried >= {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} - NEVER_ENDS
    if FULL:
        assert len(run.cases) >= 50_000
        assert tried - done == NEED_A_SECRET | NEED_A_FILE


def test_what_one_call_makes_is_used_in_the_next(run):
    steps = Counter(case["operation"] for case in run.cases if case["phase"] == "stateful" and case["did_it"])

    assert sum(count for operation, count in steps.items() if "{id}" in operation) >= 5, steps


def test_nothing_fails_behind_the_answers(run):
    assert run.faults == []
