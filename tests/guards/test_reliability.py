"""The tests that docs/reliability.md and docs/asvs.md name exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

from testing.servers import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text()
TRIED = (ROOT / "tests/guards/complaints.md").read_text()
ASVS_TEXT = (ROOT / "docs/asvs.md").read_text()
REFERENCE = re.compile(r"`((?:\w+/)+test_[\w*]+\.py)(?:::(test_\w+))?`")
ID = re.compile(r"\d+\.\d+\.\d+")
VERDICTS = ("met", "partly", "not met", "operator's")
LEVELS_1_AND_2 = 253  # requirements of ASVS 5.0.0


def chapter(page: str, title: str) -> str:
    return re.split(r"^## ", page.split(f"\n## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without the heads."""
    lines = re.sub(r"^\|.*\n\|[-|]+\|\n", "", text, flags=re.MULTILINE).splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]


PROMISES = rows(chapter(PAGE, "Promises"))
COMPLAINTS = rows(TRIED)
TOP_10 = rows(chapter(ASVS_TEXT, "OWASP API Security Top 10 (2023)"))
ASVS = rows(chapter(ASVS_TEXT, "ASVS 5.0, levels 1 and 2"))
JUDGED = [row for row in ASVS if len(row) == 5]  # the others don't apply


def ids(row: list[str]) -> list[str]:
    return ID.findall(row[0])


@pytest.mark.parametrize("reference", sorted(set(REFERENCE.findall(PAGE + ASVS_TEXT + TRIED))), ids="::".join)
def test_a_test_that_is_named_exists(reference):
    pattern, name = reference

    files: list[Path] = list(ROOT.glob(pattern))
    assert files
    assert not name or re.search(rf"^def {name}\(", files[0].read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", [*PROMISES, *TOP_10], ids=lambda row: row[0][:40])
def test_a_promise_names_its_tests(row):
    assert len(row) == 3
    assert any(REFERENCE.search(cell) for cell in row)


@pytest.mark.parametrize("row", COMPLAINTS, ids=lambda row: row[0])
def test_a_complaint_names_the_test_that_holds_it(row):
    _, _, _, test = row

    found = REFERENCE.fullmatch(test)
    assert found
    assert found[2]


@pytest.mark.parametrize("row", JUDGED, ids=lambda row: row[0])
def test_what_is_met_names_its_evidence(row):
    *_, verdict, how = row

    assert verdict in VERDICTS
    assert verdict != "met" or REFERENCE.search(how) or re.search(r"`make \w+`|\]\(\S+\)", how)
    assert ("Missing:" in how) is (verdict == "partly") or "As 6.8.4" in how


def test_each_requirement_is_there_once():
    assert len(TOP_10) == 10
    assert all(len(row) in (3, 5) for row in ASVS)
    counted = Counter(each for row in ASVS for each in ids(row))
    assert [each for each, count in counted.items() if count > 1] == []
    assert len(counted) == LEVELS_1_AND_2


def test_the_page_counts_its_own_verdicts():
    counted = Counter(row[3] if len(row) == 5 else "does not apply" for row in ASVS for _ in ids(row))

    summary = ", ".join(f"{counted[verdict]} {verdict}" for verdict in (*VERDICTS, "does not apply"))
    assert f"**{summary}.**" in ASVS_TEXT
