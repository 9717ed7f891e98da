"""README.md and docs/: every link leads somewhere, every call is listed, and the pages stay short."""

import re
from pathlib import Path

import pytest

from config import settings
from testing.routes import ROUTES
from testing.servers import ROOT

README = ROOT / "README.md"
ASVS_PAGE = ROOT / "docs" / "asvs.md"  # long by nature: one row for each requirement
PAGES = [README, *sorted(set((ROOT / "docs").glob("*.md")) - {ASVS_PAGE})]
ALL = [*PAGES, ASVS_PAGE, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
# In words, as `wc -w` counts them.
LIMITS = {"README.md": 900, "architecture.md": 1500, "performance.md": 900}
LIMIT = 10_000  # of all PAGES together
CODE = re.compile(r"```.*?```", re.DOTALL)
LINKS = [
    (page, link)
    for page in ALL
    for link in sorted(set(re.findall(r"\]\(([^)]+)\)", CODE.sub("", page.read_text()))))
    if not link.startswith("http")
]


def words(page: Path) -> int:
    return len(page.read_text().split())


def anchors(page: Path) -> set[str]:
    """The names by which GitHub links to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_to_a_file_and_a_heading_in_it(page, link):
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page

    assert target.exists()
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_a_file_that_is_named_exists(page):
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|toml|md))`", CODE.sub("", page.read_text()))

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_tour_lists_every_call_and_no_other():
    table = (ROOT / "docs" / "tour.md").read_text().split("## All calls")[1].split("\n\nOutside")[0]
    listed = re.findall(r"`((?:[A-Z]+ )+)([a-z-]+/\S*)`", table)

    found = sorted((path, method) for methods, path in listed for method in methods.split())
    routes = [(route.path.replace("<id:pk>", "{id}"), method) for route in ROUTES for method in route.methods]
    assert found == sorted(each for each in routes if each != ("", "GET"))


def test_the_settings_that_the_guide_explains_exist():
    table = (ROOT / "docs" / "deploy.md").read_text().split("\n## Settings\n")[1].split("\n\n**")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}

    assert named
    assert named <= {*settings.VARIABLES, *settings.SERVER_VARIABLES}


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_page_stays_short(name, limit):
    [page] = [page for page in PAGES if page.name == name]

    over = words(page) - limit
    assert over <= 0, f"{name} is {over} words too long. Say it shorter, or leave out what another page says."


def test_all_pages_together_stay_short():
    over = sum(map(words, PAGES)) - LIMIT

    assert over <= 0, f"README.md and docs/ are {over} words too long together. Cut what is said twice, or by the code."
