"""A stranger connects a calendar app."""

import base64
import plistlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE
from todos.management.commands.seed import EMAIL, PASSWORD

PAGE = "/calendars/"
both_sizes = pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"], indirect=True)


def sign_in(page: Page) -> None:
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Connect a calendar app")).to_be_visible()


def value(page: Page, name: str) -> str:
    """What the page says that an app asks for."""
    return page.locator(f"dt:text-is('{name}') + dd code").inner_text()


def ask(page: Page, url: str, secret: str, method: str = "PROPFIND") -> int:
    """The status that an app gets which signs in with this app password."""
    credentials = base64.b64encode(f"{EMAIL}:{secret}".encode()).decode()
    return page.request.fetch(url, method=method, headers={"Authorization": f"Basic {credentials}"}).status


@both_sizes
def test_from_the_landing_page_to_an_app_that_works_and_is_revoked(desk, size):
    page, name = desk.open("/"), f"Phone {size['width']}"
    page.get_by_role("link", name="Connect a calendar app").click()
    sign_in(page)
    desk.check()

    page.get_by_label("Name of the device or app").fill(name)
    page.get_by_role("button", name="Make an app password").click()
    expect(page.get_by_role("status")).to_contain_text(f"The app password for “{name}” is made.")
    desk.check()

    url, secret = value(page, "Server address"), value(page, "Password")
    assert (url, value(page, "User name")) == (f"{desk.address}/dav/", EMAIL)
    assert ask(page, url, secret) == 207

    desk.open(PAGE)
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("link", name=f"Revoke {name}").click()
    expect(page.get_by_role("heading", name=f"Revoke “{name}”?")).to_be_visible()
    desk.check()
    page.get_by_role("button", name="Yes, revoke it").click()

    expect(page.get_by_role("status")).to_contain_text("The app password is revoked.")
    expect(page.get_by_role("link", name=f"Revoke {name}")).to_have_count(0)
    assert ask(page, url, secret) == 401


@both_sizes
def test_the_steps_for_each_app_open_and_fit(desk):
    page = desk.sign_in(PAGE)

    for summary in page.locator("summary").all():
        summary.click()

    for text in ("Add CalDAV Account", "Login with URL", "On the Network", "Find Task Lists", "vdirsyncer sync"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert f'url = "{desk.address}/dav/"' in page.locator("pre").inner_text()
    desk.check()


def test_by_keyboard_a_read_only_app_password_is_made(desk):
    page = desk.sign_in(PAGE)

    page.get_by_label("Name of the device or app").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Read-only")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    expect(page.get_by_role("listitem").filter(has_text="By keyboard")).to_contain_text("(read-only)")
    url, secret = value(page, "Server address"), value(page, "Password")
    assert (ask(page, url, secret), ask(page, f"{url}x/", secret, "MKCALENDAR")) == (207, 403)


def test_a_form_without_a_name_says_so_and_makes_nothing(desk):
    page = desk.sign_in(PAGE)
    page.locator("form.narrow").evaluate("form => form.noValidate = true")

    page.get_by_role("button", name="Make an app password").click()

    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_label("Name of the device or app")).to_have_attribute("aria-invalid", "true")
    desk.check()


def test_the_profile_is_downloaded_with_a_password_that_works_or_without_one(desk):
    page = desk.sign_in(PAGE)
    page.get_by_label("Name of the device or app").fill("iPad")

    with page.expect_download() as made:
        page.get_by_role("button", name="Download an Apple profile").click()
    with page.expect_download() as plain:
        page.get_by_role("link", name="a profile without a password").click()

    [account], [without] = (
        plistlib.loads(Path(each.value.path()).read_bytes())["PayloadContent"] for each in (made, plain)
    )
    assert {made.value.suggested_filename, plain.value.suggested_filename} == {"todo.mobileconfig"}
    secret = account.pop("CalDAVPassword")
    assert account == without
    assert ask(page, f"{desk.address}{account['CalDAVPrincipalURL']}", secret) == 207


@pytest.fixture
def without_script(browser, server) -> Iterator[Page]:
    with browser.new_context(java_script_enabled=False, base_url=server.address) as context:
        yield context.new_page()


def test_without_script_an_app_password_is_made_and_revoked(without_script):
    page = without_script
    page.goto(PAGE)
    sign_in(page)

    page.get_by_label("Name of the device or app").fill("Without script")
    page.get_by_role("button", name="Make an app password").click()
    expect(page.get_by_role("status")).to_contain_text("Without script")

    page.get_by_role("link", name="Revoke Without script").click()
    page.get_by_role("button", name="Yes, revoke it").click()
    expect(page.get_by_role("link", name="Revoke Without script")).to_have_count(0)
