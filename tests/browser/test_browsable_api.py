from playwright.sync_api import expect

from todos.management.commands.seed import EMAIL


def test_signing_in_with_a_wrong_password_says_so(desk):
    page = desk.open("/api-auth/login/")

    page.get_by_label("E-mail address").fill(EMAIL)
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

    for _ in range(5):  # the link past the header, and the three links in it
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


def test_a_task_is_made_changed_completed_and_deleted_by_forms(desk):
    page = desk.sign_in()

    page.get_by_label("Title").fill("Made in a browser")
    page.get_by_label("Project").select_option(label="Home")
    page.get_by_label("Tags").fill("one, two")
    page.get_by_role("button", name="POST", exact=True).first.click()
    expect(page.get_by_role("status")).to_contain_text("Done: 201 Created.")

    page.get_by_role("link", name="See what was made").click()
    page.get_by_label("Title").fill("Changed in a browser")
    page.get_by_role("button", name="PUT", exact=True).first.click()
    expect(page.locator("pre").last).to_contain_text('"title": "Changed in a browser"')
    expect(page.get_by_label("Tags")).to_have_value("one, two")
    desk.check()

    page.get_by_role("button", name="Complete").click()
    expect(page.locator("pre").last).to_contain_text('"completed": true')

    page.get_by_role("navigation", name="Where this is").get_by_role("link").nth(2).click()
    page.get_by_text("DELETE", exact=True).click()
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_role("status")).to_contain_text("Done: 204 No Content.")
    expect(page.get_by_label("Title")).to_have_count(0)


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

    page.get_by_text("Raw data").click()
    page.get_by_label("Content").fill('{"priority": 4}')
    page.get_by_role("button", name="PATCH").click()

    expect(page.locator("pre").last).to_contain_text('"priority": 4')


def test_a_task_is_moved_by_its_form(desk):
    page = desk.sign_in()
    page.get_by_role("link", name="Install the project").click()
    desk.expected = 405  # of a page that is there for its form
    page.get_by_role("link", name="Move").click()
    desk.check()

    page.get_by_label("Before").select_option(label="Try the API with curl")
    page.get_by_role("button", name="POST", exact=True).first.click()

    expect(page.get_by_role("status")).to_contain_text("Done: 200 OK.")
