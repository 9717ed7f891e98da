import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from todos.management.commands.seed import EMAIL, PASSWORD


@pytest.fixture
def token(server, desk) -> str:
    response = desk.page.request.post(
        f"{server.address}/api/v1/auth/login/", data={"email": EMAIL, "password": PASSWORD}
    )
    return response.json()["token"]


def test_a_call_is_tried_out_with_a_token(desk, token):
    page = desk.open("/api/v1/docs/")

    page.get_by_role("button", name="Authorize").first.click()
    form = page.locator("form").filter(has_text="token (http, Bearer)")
    form.get_by_label("auth-bearer-value").fill(token)
    form.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()
    call = page.locator("#operations-account-me_retrieve")
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()

    response = call.locator(".live-responses-table .response")
    expect(response.locator(".response-col_status")).to_have_text(re.compile("200"))
    assert json.loads(response.locator(".highlight-code code").first.inner_text())["email"] == EMAIL


@pytest.mark.parametrize("size", [PHONE], ids=["phone"], indirect=True)
def test_an_open_call_fits_its_window(desk):
    page = desk.open("/api/v1/docs/")

    for call in ("tasks-tasks_list", "tasks-tasks_create"):
        page.locator(f"#operations-{call} .opblock-summary-control").click()
        expect(page.locator(f"#operations-{call} .responses-table")).to_be_visible()

    desk.check_width()  # its colors are Swagger UI's


def test_a_call_without_a_token_is_refused(desk):
    page = desk.open("/api/v1/docs/")
    desk.expected = 401

    call = page.locator("#operations-account-me_retrieve")
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()

    expect(call.locator(".live-responses-table .response-col_status").last).to_have_text(re.compile("401"))
