from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from todos.management.commands.seed import EMAIL, PASSWORD


def test_signing_in_with_a_wrong_password_says_so(desk):
    page = desk.open("/api-auth/login/")

    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("Please enter a correct email address and password.")


def test_signing_out_by_mouse(desk):
    page = desk.sign_in()
    expect(page.get_by_text(f"Signed in as {EMAIL}")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(f"{desk.address}/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_signing_out_by_keyboard(desk):
    page = desk.sign_in()

    for _ in range(6):  # the link past the header, and the four links in it
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_the_first_tab_leads_past_the_header(desk):
    page = desk.open("/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_be_focused()


def test_a_task_is_made_changed_completed_and_deleted(desk):
    page = desk.sign_in()

    page.get_by_label("Title").fill("Made in a browser")
    page.get_by_label("Project").select_option(label="Home")
    page.get_by_label("Due date").fill("2027-01-31")
    page.get_by_role("button", name="POST", exact=True).first.click()
    expect(page.get_by_role("status")).to_contain_text("Done: 201 Created.")
    desk.check()

    page.get_by_role("link", name="Open it").click()
    content = page.get_by_label("Content:")
    content.fill(content.input_value().replace("Made in a browser", "Changed in a browser"))
    page.get_by_role("button", name="PUT", exact=True).click()
    expect(page.locator("pre").last).to_contain_text('"title": "Changed in a browser"')
    expect(page.locator("pre").last).to_contain_text('"due_date": "2027-01-31"')
    desk.check()

    page.get_by_role("button", name="Complete").click()
    expect(page.locator("pre").last).to_contain_text('"completed": true')

    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link").nth(2).click()
    page.get_by_text("DELETE", exact=True).click()
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_role("status")).to_contain_text("Done: 204 No Content.")
    expect(page.get_by_label("Content:")).to_have_count(0)


def test_options_are_shown(desk):
    page = desk.sign_in()

    page.get_by_role("button", name="OPTIONS").click()

    expect(page.locator("pre").first).to_contain_text("OPTIONS /api/v1/tasks/")


def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(desk):
    page = desk.sign_in()
    desk.expected = 400

    page.get_by_label("Description").fill("Kept")
    page.get_by_label("Due time").fill("09:00")
    page.get_by_role("button", name="POST", exact=True).first.click()

    expect(page.get_by_role("alert")).to_contain_text("title: This field may not be blank.")
    expect(page.get_by_label("Description")).to_have_value("Kept")
    desk.check()


def test_raw_data_patches_a_task(desk):
    page = desk.sign_in()
    page.get_by_role("link", name="Buy milk").click()

    page.get_by_label("Content:").fill('{"priority": 4}')
    page.get_by_role("button", name="PATCH").click()

    expect(page.locator("pre").last).to_contain_text('"priority": 4')


def test_raw_data_that_is_refused_says_why_and_keeps_what_was_typed(desk):
    page = desk.sign_in()
    page.get_by_role("link", name="Buy milk").click()
    desk.expected = 400

    page.get_by_label("Content:").fill('{"priority": 5}')
    page.get_by_role("button", name="PATCH").click()

    expect(page.get_by_role("alert")).to_contain_text("priority: Ensure this value is less than or equal to 4.")
    expect(page.get_by_label("Content:")).to_have_value('{"priority": 5}')
    desk.check()


def test_a_task_is_moved_by_its_form(desk):
    page = desk.sign_in()
    page.get_by_role("link", name="Install the project").click()
    desk.expected = 405  # of a page that is there for its form
    page.get_by_role("link", name="Move").click()
    desk.check()

    page.get_by_label("Before").select_option(label="Try the API with curl")
    page.get_by_role("button", name="POST", exact=True).first.click()

    expect(page.get_by_role("status")).to_contain_text("Done: 200 OK.")


def test_a_call_that_can_only_be_posted_to_shows_its_form_and_no_error(desk):
    page = desk.open("/api/v1/auth/register/", status=405)

    expect(page.get_by_label("Email")).to_be_visible()
    expect(page.locator(".response-info")).to_be_hidden()
    desk.check()


def sign_in(page: Page) -> None:
    page.goto("/api-auth/login/?next=/api/v1/tasks/")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Task List")).to_be_visible()


def test_the_json_that_a_browser_has_cached_is_not_shown_as_the_page(browser, server):
    with browser.new_context(base_url=server.address) as context:  # a desk has no cache, since it watches requests
        page = context.new_page()
        sign_in(page)
        page.evaluate("fetch('/api/v1/tasks/', {headers: {Accept: 'application/json'}}).then(answer => answer.text())")

        page.goto("/api/v1/tasks/")

        expect(page.get_by_role("heading", name="Task List")).to_be_visible()


@pytest.fixture
def without_script(browser, server) -> Iterator[Page]:
    with browser.new_context(java_script_enabled=False, base_url=server.address) as context:
        yield context.new_page()


def test_without_script_a_task_is_made_and_one_signs_out(without_script):
    page = without_script
    sign_in(page)

    page.get_by_label("Title").fill("Made without script")
    page.get_by_role("button", name="POST", exact=True).first.click()
    expect(page.get_by_role("status")).to_contain_text("Done: 201 Created.")

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_file_is_imported_by_the_one_form_of_the_page(desk):
    page = desk.sign_in()
    desk.open("/api/v1/import/csv/", status=405)
    file = FilePayload(name="tasks.csv", mimeType="text/csv", buffer=b"title\nFrom a file\n")
    page.get_by_label("File").set_input_files(file)

    page.get_by_role("button", name="POST", exact=True).click()

    expect(page.get_by_role("table", name="What an import would create")).to_contain_text("Tasks1")
    desk.check()
