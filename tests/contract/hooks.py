"""Hooks for schemathesis (see schemathesis.toml): they record each case, and check what OpenAPI can't express."""

import itertools
import json
import os
import re
from pathlib import Path

import requests
import schemathesis

from tests.contract.unsayable import is_unsayable

BOB = os.environ["CONTRACT_BOB"]
CANARY = os.environ["CONTRACT_CANARY"]
RECORD = Path("cases")
NUMBERS = itertools.count()
OTHER_WORD = "x" * len(CANARY)
ADDRESS = os.environ["CONTRACT_ADDRESS"]
API = f"{ADDRESS}/api/v1/"


def ids_of(path: str) -> set[str]:
    return {
        each["id"] for each in requests.get(API + path, headers={"Authorization": BOB}, timeout=30).json()["results"]
    }


LOGOUT = "POST /api/v1/auth/logout/"
OWN = {"tokens": ids_of("tokens/"), "hooks": ids_of("hooks/")}
BODIES = {"tokens": {"name": "to be revoked"}, "hooks": {"url": "https://example.com/"}}
ENDS = {LOGOUT: "tokens", "DELETE /api/v1/tokens/{id}/": "tokens", "DELETE /api/v1/hooks/{id}/": "hooks"}


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(NUMBERS)
    # Else nearly all calls would be refused by these before anything else is looked at.
    if "If-Match" in case.headers and number % 5:
        case.headers["If-Match"] = "*"
    if re.fullmatch("[!-~]{1,255}", case.headers.get("Idempotency-Key", "")) and number % 5:
        case.headers["Idempotency-Key"] = f"case-{number}"
    if case.operation.label.endswith("/{id}/restore/"):  # few things are in the trash
        path = case.formatted_path.removesuffix("restore/")
        requests.delete(ADDRESS + path, headers={"Authorization": BOB}, timeout=30)
    if case.operation.label in ENDS:
        spare(case, ENDS[case.operation.label])
    # What Alice got, when she was asked for the same, schemathesis takes for words to try.
    if CANARY in json.dumps([case.body, case.query], default=str):
        case.body, case.query = forget(case.body), forget(case.query)


def spare(case, kind: str):
    """End a new token or hook instead of one that other calls use."""
    named = (case.path_parameters or {}).get("id")
    logs_out = case.operation.label == LOGOUT and case.headers.get("Authorization") == BOB
    if not logs_out and named not in OWN[kind]:
        return
    made = requests.post(f"{API}{kind}/", json=BODIES[kind], headers={"Authorization": BOB}, timeout=30).json()
    if logs_out:
        case.headers["Authorization"] = f"Bearer {made['token']}"
    else:
        case.path_parameters["id"] = made.get("id", named)  # there may be too many hooks


def forget(value):
    if isinstance(value, str):
        return value.replace(CANARY, OTHER_WORD)
    if isinstance(value, list):
        return [forget(each) for each in value]
    return {forget(name): forget(each) for name, each in value.items()} if isinstance(value, dict) else value


@schemathesis.hook
def after_call(context, case, response):
    # What the server itself refuses has its id in the body alone; what has none counts as not logged.
    named = re.search(r'"request_id":"([^"]*)"', response.text)
    line = {
        "operation": case.operation.label,
        "phase": case.meta.phase.name.value if case.meta else "examples",
        "status": response.status_code,
        "did_it": response.status_code < 300 and case.operation.label.startswith(f"{case.method} "),
        "request_id": response.headers.get("x-request-id", [named[1] if named else ""])[0],
    }
    with RECORD.open("a") as file:
        file.write(json.dumps(line) + "\n")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    return not is_unsayable(failure, case, response)


@schemathesis.check
def nothing_of_another(ctx, response, case):
    """Check that Bob gets none of Alice's data."""
    if CANARY in response.text:
        raise AssertionError(f"There is something of Alice's in the answer: {response.text[:500]}")
