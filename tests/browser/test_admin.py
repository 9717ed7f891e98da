from playwright.sync_api import expect


def test_tasks_are_searched_and_completed_at_once(desk):
    page = desk.sign_in("/admin/todos/task/")

    page.locator("#searchbar").fill("a cake")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.get_by_label("Select all objects on this page").check()
    page.locator("select[name=action]").select_option("complete")
    page.get_by_role("button", name="Go").click()

    expect(page.get_by_text("1 completed.")).to_be_visible()


def test_an_owner_is_chosen_from_a_list_that_can_be_searched(desk):
    page = desk.sign_in("/admin/todos/task/add/")

    page.locator("#id_owner + .select2 .select2-selection").click()
    page.locator(".select2-search__field").fill("demo")
    page.get_by_role("option", name="demo@example.com").click()
    page.get_by_label("Title").fill("Made in the admin")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()


def test_the_users_show_who_has_how_much(desk):
    page = desk.sign_in("/admin/users/user/")

    expect(page.locator("#result_list")).to_contain_text("demo@example.com")


def test_signing_out_of_the_admin(desk):
    page = desk.sign_in("/admin/")

    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
