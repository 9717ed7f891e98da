"""The tests of the caldav library, which run against any server: https://github.com/python-caldav/caldav."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from tests.dav.conftest import COMPARED, PROGRAMS

SUITE = PROGRAMS.parent / "suite"

# In the library's words, and what it would otherwise look for.
NOT_HERE = (
    "scheduling",
    "principal-search",
    "freebusy-query",
    "search.recurrences.expanded",
    "search.text.comp-type-optional",
)

# Why those of the 132 tests that don't pass don't.
REASONS = {
    "Tasks are not sent to other people as invitations: there is no scheduling.": (
        "testSchedulingInfo",
        "testSchedulingMailboxes",
        "testAddOrganizer",
        "testChangeAttendeeStatusWithEmptyAddressSet",
        "testIssue399ChangeAttendeeStatusUsernameEmailFallback",
        "test_scheduling_info",
        "test_scheduling_mailboxes",
        "test_add_organizer_no_arg",
        "test_issue_399_change_attendee_status",
    ),
    "Nobody can look up other users.": ("testPrincipals", "test_principals"),
    "Tasks take up no time that others could ask for.": ("testDateSearchAndFreeBusy", "test_date_search_and_freebusy"),
    "It completes a task that recurs, and doesn't count on the next one that completing it makes.": (
        "testSearchTodos",
    ),
    "It compares what it finds with the words above, and they name groups, of which a part is here.": (
        "testCheckCompatibility",
    ),
}
EXPLAINED = {name for names in REASONS.values() for name in names} - ({"testSearchTodos"} if COMPARED else set())


def test_the_tests_of_the_caldav_library_pass(calendars, tmp_path):
    results = run_suite(calendars, tmp_path)

    not_passed = {name: words for name, words in results.items() if words}
    assert not_passed.keys() == EXPLAINED, not_passed
    assert len(results) - len(not_passed) >= 117


def run_suite(account, directory: Path) -> dict[str, str]:
    """The names of its tests, each with why it was skipped or how it failed; empty if it passed."""
    shutil.copytree(SUITE, directory / "suite")
    signed_in = {"url": account.url, "username": account.user, "password": account.password}
    here = {"type": "external", **signed_in, "features": dict.fromkeys(NOT_HERE, "unsupported")}
    (directory / "suite" / "tests" / "caldav_test_servers.json").write_text(json.dumps({"here": here}))
    command = [PROGRAMS / "python", "-m", "pytest", "-k", "here", "--junitxml=results.xml", "--tb=short"]
    command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    command += ["tests/test_caldav.py", "tests/test_async_integration.py"]
    others = {"PYTHON_CALDAV_TEST_DOCKER": "0", "PYTHON_CALDAV_TEST_EMBEDDED": "0", "HOME": str(directory)}
    done = subprocess.run(
        command, cwd=directory / "suite", env={**os.environ, **others}, capture_output=True, text=True, timeout=900
    )
    (directory / "output").write_text(done.stdout + done.stderr)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return dict(map(result, ElementTree.parse(directory / "suite" / "results.xml").iter("testcase")))


def result(case: ElementTree.Element) -> tuple[str, str]:
    bad = next((each for each in case if each.tag in ("skipped", "failure", "error")), None)
    return str(case.get("name")), "" if bad is None else f"{bad.tag}: {bad.get('message')}"
