"""Tests with a real browser and the production server. `make test-browser` runs them; `make test` doesn't."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

from testing.servers import ROOT, Server, gunicorn
from todos.management.commands.seed import EMAIL, PASSWORD

SCREENSHOTS = ROOT / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No calls home while the tests listen to what leaves the browser.
SWITCHES = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", violation =>
  console.error(`blocked ${violation.effectiveDirective} ${violation.blockedURI} ${violation.sample}`))
"""
WIDE, PHONE = {"width": 1100, "height": 900}, {"width": 360, "height": 740}

# Defects of Swagger UI (buttons in buttons, skipped headings, no region) and of the admin's search in a select.
NOT_OURS = {
    name: {"enabled": False} for name in ("nested-interactive", "heading-order", "region", "aria-input-field-name")
}

expect.set_options(timeout=30_000)


def find_browser() -> str:
    for name in filter(None, (os.environ.get("TEST_BROWSER"), *NAMES)):
        if path := shutil.which(name):
            return path
    raise pytest.UsageError(f"No browser to test with: install one of {', '.join(NAMES)}, or name one in TEST_BROWSER.")


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    with gunicorn(tmp_path_factory.mktemp("server"), processes=1) as server:
        subprocess.run([sys.executable, "manage.py", "seed"], cwd=ROOT, env=server.environment, check=True)
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    root = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*SWITCHES, *root])
        yield browser
        browser.close()


class Desk:
    """A tab that records errors, blocked resources, and requests to other hosts."""

    def __init__(self, context: BrowserContext, address: str):
        self.address = address
        self.faults: list[str] = []
        self.expected = 0  # a status that is not an error
        context.add_init_script(REPORT_VIOLATIONS)
        context.route(lambda url: not url.startswith((f"{address}/", "data:", "blob:")), self.refuse)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))

    def refuse(self, route: Route) -> None:
        self.faults.append(f"outside {route.request.url}")
        route.abort()

    def note(self, message: ConsoleMessage) -> None:
        expected = f"status of {self.expected} " in message.text
        if message.type in ("error", "warning") and not expected:
            self.faults.append(f"{message.type} {message.text}")

    def open(self, path: str, status: int = 200) -> Page:
        self.expected = status
        response = self.page.goto(self.address + path)
        assert response
        assert response.status == status
        return self.page

    def sign_in(self, path: str = "/api/v1/tasks/") -> Page:
        page = self.open(f"/api-auth/login/?next={path}")
        page.get_by_label("Email address").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.address + path)
        return page

    def check_width(self) -> None:
        """Check that the page fits its window."""
        size = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert size[0] <= size[1], f"{self.page.url} is {size[0]} wide in {size[1]}"

    def check(self) -> None:
        """Check that the page fits its window, and that axe finds no accessibility problem."""
        self.check_width()
        # Without preloading: axe would ask for style sheets at wrong addresses.
        options = {"preload": False, "resultTypes": ["violations"], "rules": NOT_OURS}
        found = Axe().run(self.page, options=options).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], self.page.url


@pytest.fixture(params=[WIDE], ids=["wide"])
def size(request) -> dict:
    return request.param


@pytest.fixture
def desk(request, browser, server, size) -> Iterator[Desk]:
    with browser.new_context(viewport=size, reduced_motion="reduce") as context:
        desk = Desk(context, server.address)
        yield desk
        SCREENSHOTS.mkdir(exist_ok=True)
        desk.page.screenshot(path=SCREENSHOTS / f"{request.node.name.replace('/', '_')}.png", full_page=True)
        assert desk.faults == []
