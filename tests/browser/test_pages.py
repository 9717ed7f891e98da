import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE

OPEN_TO_ALL = ["/", "/api-auth/login/", "/api/v1/", "/api/v1/docs/", "/admin/login/"]
SIGNED_IN = ["/", "/api/v1/tasks/", "/api/v1/projects/", "/api/v1/tokens/", "/api/v1/me/"]
SIGNED_IN += ["/api/v1/tasks/summary/", "/api/v1/tasks/trash/"]
SOON = 300  # milliseconds until a browser has told what it blocked
ADMIN = ["/admin/", "/admin/todos/task/", "/admin/todos/task/add/", "/admin/users/user/", "/admin/users/apitoken/"]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"], indirect=True)
@pytest.mark.parametrize("path", OPEN_TO_ALL)
def test_a_page_for_all_is_sound(desk, path):
    desk.open(path).wait_for_load_state("networkidle")

    desk.check()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"], indirect=True)
@pytest.mark.parametrize("pages", [SIGNED_IN, ADMIN], ids=["pages", "admin"])
def test_the_pages_behind_the_sign_in_are_sound(desk, pages):
    desk.sign_in()

    for path in pages:
        desk.open(path)
        desk.check()


def test_a_page_that_does_not_exist_says_so(desk):
    page = desk.open("/nothing", status=404)

    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    desk.check()


def test_the_landing_page_leads_everywhere(desk):
    for name in ("Documentation", "Browsable API", "Connect a calendar app", "Admin"):
        desk.open("/").get_by_role("main").get_by_role("link", name=name).click()

        expect(desk.page).not_to_have_url(f"{desk.address}/")


def test_the_policy_stops_a_script_in_the_page_and_the_tests_notice(desk):
    page = desk.open("/")

    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'stolen = 1'}))")

    page.wait_for_timeout(SOON)
    assert page.evaluate("typeof stolen") == "undefined"
    assert any(fault.startswith("error blocked script-src-elem inline") for fault in desk.faults)
    desk.faults.clear()


def test_the_policy_stops_calls_to_other_hosts_and_the_tests_notice(desk):
    page = desk.open("/")

    page.evaluate("fetch('https://example.com/').catch(() => 0)")

    page.wait_for_timeout(SOON)
    assert any(fault.startswith("error blocked connect-src https://example.com") for fault in desk.faults)
    desk.faults.clear()
