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
LOGOUT = "POST /api/v1/auth/logout/"
REVOKES = {LOGOUT, "DELETE /api/v1/tokens/{id}/"}
TOKENS = os.environ["CONTRACT_ADDRESS"] + "/api/v1/tokens/"
OWN_TOKENS = {
    token["id"] for token in requests.get(TOKENS, headers={"Authorization": BOB}, timeout=30).json()["results"]
}


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
        requests.delete(os.environ["CONTRACT_ADDRESS"] + path, headers={"Authorization": BOB}, timeout=30)
    if case.operation.label in REVOKES:
        spare(case)
    # What Alice got, when she was asked for the same, schemathesis takes for words to try.
    if CANARY in json.dumps([case.body, case.query], default=str):
        case.body, case.query = forget(case.body), forget(case.query)


def spare(case) -> None:
    """Revoke a new token instead of the one that all calls use."""
    made = requests.post(TOKENS, json={"name": "to be revoked"}, headers={"Authorization": BOB}, timeout=30).json()
    if case.operation.label == LOGOUT and case.headers.get("Authorization") == BOB:
        case.headers["Authorization"] = f"Bearer {made['token']}"
    elif (case.path_parameters or {}).get("id") in OWN_TOKENS:
        case.path_parameters["id"] = made["id"]


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
