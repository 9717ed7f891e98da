"""api/introduction.md, the introduction of the OpenAPI document, lists the problem codes and the calls with keys."""

import re

from django.test import Client as Browser
from rest_framework.exceptions import APIException, ValidationError

from api.errors import CODES
from config.server.protocol import REFUSALS
from dav.errors import DavError
from testing.routes import ROUTES
from testing.servers import ROOT
from tests.guards.test_imports import ROOMS

WRITTEN = re.compile(r'\b(?:problem|problem_response|refusal)\(([45]\d\d), "(\w+)"')
INTRODUCTION = (ROOT / "api" / "introduction.md").read_text()


def kinds(kind: type = APIException) -> set[type]:
    """`kind` and its subclasses, without those that a test defines."""
    subclasses = {each for each in kind.__subclasses__() if ".tests." not in f".{each.__module__}."}
    return {kind}.union(*map(kinds, subclasses))


def answered() -> set[tuple[str, str]]:
    """Each status with each code that is answered with it: from the tables, the exceptions, and what is written out."""
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "tests" not in path.parts]
    written = {pair for path in modules for pair in WRITTEN.findall(path.read_text())}
    tables = {*CODES.items(), *((status, code) for status, (code, _) in REFUSALS.items())}
    # Those of /dav/ have conditions instead of codes.
    # What REST framework calls "invalid" is answered as `validation_error`, which is written out.
    raised = {(kind.status_code, kind.default_code) for kind in kinds() - kinds(ValidationError) - kinds(DavError)}
    return written | {(str(status), code) for status, code in tables | raised}


def test_every_problem_code_is_in_the_introduction_and_no_other():
    listed = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", INTRODUCTION, re.MULTILINE)

    assert set(listed) == answered()
    assert len(set(listed)) == len(listed)


def test_the_document_begins_with_it():
    assert Browser().get("/api/v1/schema/?format=json").json()["info"]["description"] == INTRODUCTION


def test_it_names_the_calls_that_read_an_idempotency_key():
    [named] = re.findall(r"Only calls under (.*) read the key", INTRODUCTION)

    reading = {f"{route.path.partition('/')[0]}/" for route in ROUTES if getattr(route.view, "is_revised", False)}
    assert re.findall(r"`(\S+)`", named) == sorted(reading)
