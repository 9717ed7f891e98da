"""The browsable API: the same calls, for people."""

import json
import re
from html import unescape

import pytest

from config.urls import router
from testing.client import PASSWORD
from todos.models import Project, Task
from transfer.sources import SOURCES
from users.models import ApiToken

NOBODYS = "01900000-0000-7000-8000-000000000000"  # id


@pytest.mark.parametrize("path", ["", "tasks/", "tokens/", "me/", "me/password/", "tasks/?completed=true&limit=1"])
def test_every_page_opens(browser, task, path):
    page = browser.get(f"/api/v1/{path}")

    assert page.status_code in (200, 405)  # some calls can only be posted to; their page has the form
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "alice@example.com" in page.content.decode()


@pytest.mark.parametrize("call", ["", "complete/", "reopen/", "toggle/"])
def test_the_pages_of_a_task_open(browser, task, call):
    assert browser.get(f"/api/v1/tasks/{task.pk}/{call}").status_code == (405 if call else 200)


@pytest.mark.parametrize("path", ["", "tokens/", "tasks/trash/", "projects/trash/", f"tasks/{NOBODYS}/restore/"])
def test_the_words_above_a_page_are_for_people(browser, path):
    page = browser.get(f"/api/v1/{path}").content.decode()

    above, _, _ = page.partition('<div class="request-info')
    _, _, above = above.partition("<h1>")
    assert above
    assert not re.search("[{}`]", above)


def test_the_page_names_its_language(browser):
    assert '<html lang="en">' in browser.get("/api/v1/tasks/").content.decode()


def raw_data(page: str) -> dict:
    (text,) = re.findall(r'<textarea name="_content"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return json.loads(unescape(text))


def test_a_task_is_changed_by_raw_data_which_begins_with_all_that_can_be_changed(browser, task):
    page = browser.get(f"/api/v1/tasks/{task.pk}/").content.decode()

    assert 'id="put-object-form"' not in page  # it would reset what it can't show
    assert raw_data(page) == {
        "title": "Buy milk",
        "description": "Two litres",
        "completed": False,
        "completed_at": None,
        "priority": 0,
        "start_date": None,
        "start_time": None,
        "due_date": None,
        "due_time": None,
        "reminders": [],
        "recurrence": "",
        "repeat_from": "due",
        "project": None,
        "parent": None,
        "tags": [],
    }


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_raw_data_of_a_change_that_was_made_has_the_new_values(browser, task, method):
    page = getattr(browser, method)(f"/api/v1/tasks/{task.pk}/", {"title": "New"}, content_type="application/json")

    assert page.status_code == 200
    assert raw_data(page.content.decode())["title"] == "New"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_raw_data_that_is_refused_is_kept_as_it_was_typed(browser, task, method):
    typed = '{"title": "",   "tags": ["<b>"]}'

    page = getattr(browser, method)(f"/api/v1/tasks/{task.pk}/", typed, content_type="application/json")

    assert page.status_code == 400
    (text,) = re.findall(r'<textarea name="_content"[^>]*>(.*?)</textarea>', page.content.decode(), re.DOTALL)
    assert unescape(text).strip() == typed
    assert page.content.decode().count(">PUT</button>") == (method == "put")  # what was typed for PATCH is no whole


def test_raw_data_that_is_no_json_is_kept_as_it_was_typed(browser):
    page = browser.post("/api/v1/tasks/", '{"title": "x",}', content_type="application/json")

    assert page.status_code == 400
    assert "{&quot;title&quot;: &quot;x&quot;,}</textarea>" in page.content.decode()


def test_a_page_that_could_not_show_the_task_offers_no_raw_data_to_replace_it(browser, task):
    page = browser.get(f"/api/v1/tasks/{task.pk}/?color=red")

    assert page.status_code == 400
    assert "<textarea" not in page.content.decode()


def test_a_form_makes_a_task(browser):
    page = browser.post("/api/v1/tasks/", {"title": "From a form", "description": ""})

    assert page.status_code == 201
    assert Task.objects.get().title == "From a form"


def test_what_a_form_made_is_said_and_linked(browser):
    page = browser.post("/api/v1/tasks/", {"title": "From a form"}).content.decode()

    assert "Done: 201 Created." in page
    assert f'<a href="http://testserver/api/v1/tasks/{Task.objects.get().pk}/">Open it</a>' in page


def test_a_bad_form_says_why(browser):
    page = browser.post("/api/v1/tasks/", {"title": ""})

    assert page.status_code == 400
    assert "This field may not be blank." in page.content.decode()


def test_a_form_that_is_refused_keeps_what_was_typed(browser):
    page = browser.post("/api/v1/tasks/", {"title": "", "description": "Typed at length"})

    assert "Typed at length</textarea>" in page.content.decode()


def test_a_password_is_never_written_into_a_page(browser):
    page = browser.post("/api/v1/me/password/", {"current_password": "canary-1", "new_password": "canary-2"})

    assert page.status_code == 400
    assert "The password is wrong. Enter your current password." in page.content.decode()
    assert "canary" not in page.content.decode()


def test_a_password_is_never_written_into_raw_data(browser):
    body = {"current_password": "canary-1", "new_password": "canary-2"}

    page = browser.post("/api/v1/me/password/", body, content_type="application/json")

    assert page.status_code == 400
    assert "canary" not in page.content.decode()


def test_a_password_manager_may_fill_in_every_password(browser):
    for path in ("/api-auth/login/", "/api/v1/auth/login/", "/api/v1/me/password/"):
        page = browser.get(path, HTTP_ACCEPT="text/html", follow=True).content.decode()

        assert 'type="password"' in page
        assert 'autocomplete="off"' not in page


def options(page: str, field: str) -> list[str]:
    """The texts of a select, the one that is chosen in capitals."""
    select = page.split(f'name="{field}"')[1].split("</select>")[0]
    found = re.findall(r"<option value=\"[^\"]*\"([^>]*)>([^<]*)</option>", select)
    return [text.upper() if "selected" in how else text for how, text in found]


def test_a_form_offers_only_ones_own_projects_and_tasks(browser, alice, bob, task, bobs_task):
    Project.objects.create(owner=alice, name="Home")
    Project.objects.create(owner=bob, name="Bob's")
    Task.objects.create(owner=alice, title="Thrown away").delete()

    page = browser.get("/api/v1/tasks/").content.decode()

    assert options(page, "project") == ["---------", "Home"]
    assert options(page, "parent") == ["---------", "Buy milk"]


def test_a_form_offers_200_parents(browser, alice):
    Task.objects.bulk_create(Task(owner=alice, title="x") for _ in range(250))

    page = browser.get("/api/v1/tasks/").content.decode()

    assert options(page, "parent") == ["---------", *["x"] * 200, "More than 200 items..."]


def test_a_list_leads_to_what_is_in_it_and_to_the_next_page(browser, alice, task):
    Task.objects.create(owner=alice, title="Newer")

    page = browser.get("/api/v1/tasks/?limit=1").content.decode()

    assert f'<a href="http://testserver/api/v1/tasks/{Task.objects.first().pk}/">Newer</a>' in page
    (address,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert f"/api/v1/tasks/{task.pk}/" in browser.get(unescape(address)).content.decode()


def test_the_page_of_a_task_has_a_button_for_each_verb(browser, task):
    page = browser.get(f"/api/v1/tasks/{task.pk}/").content.decode()

    forms = re.findall(r'<form method="post" action="http://testserver/api/v1/tasks/[^/]+/(\w+)/">', page)
    assert forms == ["complete", "reopen", "skip", "toggle"]
    assert f'href="http://testserver/api/v1/tasks/{task.pk}/move/"' in page


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/nothing", 404, "Page not found"), ("/api-auth/login/", 403, "This form has expired")],
)
def test_a_page_that_refuses_says_why(browser, path, status, text):
    browser.handler.enforce_csrf_checks = True

    page = browser.post(path)

    assert page.status_code == status
    assert f"<h1>{text}</h1>" in page.content.decode()


def test_a_host_that_is_not_ours_gets_a_page(browser):
    page = browser.get("/", HTTP_HOST="evil.example")

    assert page.status_code == 400
    assert "<h1>Bad request</h1>" in page.content.decode()


def test_a_defect_is_a_page_without_details(browser, monkeypatch):
    monkeypatch.setattr("django.views.generic.TemplateView.get", lambda *args, **kwargs: 1 / 0)

    page = browser.get("/")

    assert page.status_code == 500
    assert "<h1>Something went wrong</h1>" in page.content.decode()
    assert "ZeroDivisionError" not in page.content.decode()


def test_text_in_a_page_is_never_markup(browser, alice):
    Task.objects.create(owner=alice, title="<script>alert(1)</script>", description="<img src=x>")

    for path in ("tasks/", f"tasks/{Task.objects.get().pk}/"):
        page = browser.get(f"/api/v1/{path}").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x>" not in page


def test_a_visitor_is_offered_to_sign_in(client, db):
    page = client.get("/api/v1/tasks/", HTTP_ACCEPT="text/html")

    assert page.status_code == 401
    assert "/api-auth/login/" in page.content.decode()


def test_the_landing_page_leads_everywhere(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/").content.decode()

    for address in ("/api/v1/", "/api/v1/docs/", "/api/v1/schema/", "/admin/", "/api-auth/login/"):
        assert f'href="{address}"' in page


def test_signing_out_on_the_landing_page(browser):
    assert 'Signed in as <a href="/api/v1/me/">alice@example.com</a>' in browser.get("/").content.decode()

    browser.post("/api-auth/logout/")

    assert "Sign in" in browser.get("/").content.decode()


def test_the_form_of_the_page_makes_a_task(browser):
    """As a browser sends it: Django reads the fields first, for the CSRF token."""
    browser.handler.enforce_csrf_checks = True
    browser.get("/api/v1/tasks/")
    token = browser.cookies["csrftoken"].value

    page = browser.post("/api/v1/tasks/", {"title": "From a page", "description": "", "csrfmiddlewaretoken": token})

    assert page.status_code == 201
    assert Task.objects.get().title == "From a page"


def test_a_form_says_which_fields_it_does_not_have(browser):
    page = browser.get("/api/v1/tasks/").content.decode()

    assert "<b>Tags</b> can only be sent as raw data." in page
    assert 'name="tags"' not in page


def labels(page: str) -> set[str]:
    return set(re.findall(r'<label for="([^"]+)"', page))


@pytest.mark.parametrize("path", ["tasks/", "tokens/", "me/password/", "auth/register/", "tasks/bulk/", "me/"])
def test_every_control_has_a_label_and_every_label_a_control(browser, path):
    page = browser.get(f"/api/v1/{path}").content.decode()

    controls = re.findall(r"<(?:input|select|textarea) ([^>]*)>", page)
    ids = [re.findall(r'id="([^"]+)"', control) for control in controls if 'type="hidden"' not in control]
    assert ids
    assert {name for (name,) in ids} == labels(page)


def forms(page: str) -> list[list[str]]:
    """The names of the fields of each form that the page has besides its buttons."""
    found = re.findall(r'<form [^>]*class="form-horizontal"[^>]*>(.*?)</form>', page, re.DOTALL)
    return [re.findall(r' name="([^"]+)"', form) for form in found]


@pytest.mark.parametrize("call", ["complete", "reopen", "toggle", "move", "restore"])
def test_a_call_that_was_made_by_its_form_has_the_same_form_again(browser, task, call):
    before = forms(browser.get(f"/api/v1/tasks/{task.pk}/{call}/").content.decode())
    if call == "restore":
        task.delete()

    page = browser.post(f"/api/v1/tasks/{task.pk}/{call}/")

    assert page.status_code == 200
    assert forms(page.content.decode()) == before
    assert "title" not in before[0]


def test_the_form_to_sign_in_is_the_same_after_signing_in(browser, alice):
    before = forms(browser.get("/api/v1/auth/login/").content.decode())

    page = browser.post("/api/v1/auth/login/", {"email": alice.email, "password": PASSWORD})

    assert page.status_code == 200
    assert forms(page.content.decode()) == before


@pytest.mark.parametrize("path", ["tasks/", "tasks/?limit=0", "tasks/bulk/", f"tasks/{NOBODYS}/"])
def test_a_page_names_the_type_of_the_response_that_a_program_gets(browser, path):
    page = browser.get(f"/api/v1/{path}").content.decode()
    response = browser.get(f"/api/v1/{path}", HTTP_ACCEPT="application/json")

    assert f'<b>Content-Type:</b> <span class="lit">{response["Content-Type"]}</span>\n' in page


@pytest.mark.parametrize("path", ["", "sync/"])
def test_a_page_without_a_form_says_which_parameter_it_refuses(browser, path):
    page = browser.get(f"/api/v1/{path}?color=red")

    assert page.status_code == 400
    assert "<b>color</b>: This query parameter is unknown. Check its name." in page.content.decode()


def test_the_page_of_a_thing_that_does_not_exist_offers_nothing_to_do_with_it(browser):
    page = browser.get(f"/api/v1/tasks/{NOBODYS}/").content.decode()

    assert "<h2>Not Found</h2>" in page
    assert forms(page) == []
    assert "Complete" not in page
    assert "DELETE</summary>" not in page


def test_the_form_of_a_call_on_many_stays_when_one_is_missing(browser):
    missing = {"action": "complete", "ids": [NOBODYS]}

    page = browser.post("/api/v1/tasks/bulk/", missing, content_type="application/json")

    assert page.status_code == 404
    assert forms(page.content.decode()) == [["_content_type", "_content"]]  # a form can't send the list of ids


def test_the_root_leads_to_all_that_can_be_opened(anonymous):
    response = anonymous.get("/")

    lists = [prefix for prefix, _, _ in router.registry]
    parts = [*lists, "tasks/summary", "me", "me/password", "sync", *(f"import/{name}" for name in SOURCES)]
    files = ["export/archive.json", "export/tasks.csv", "export/tasks.ics"]
    paths = [*(f"{part}/" for part in [*parts, "docs", "schema"]), *files]
    assert {"tasks", "projects", "tags", "tokens", "feeds"} <= set(lists)
    assert response.json() == {path.rstrip("/"): f"http://testserver/api/v1/{path}" for path in paths}


def test_the_admin_is_found_without_its_slash(client):
    response = client.get("/admin")

    assert (response.status_code, response["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api-auth/login/", "Please enter a correct email address and password."),
        ("/admin/login/", "Please enter the correct email address and password for a staff account."),
    ],
)
def test_a_sign_in_that_is_refused_says_what_is_case_sensitive(client, db, path, words):
    page = client.post(path, {"username": "Alice@example.com", "password": PASSWORD.upper()}).content.decode()

    assert f"{words} Note that the password is case-sensitive." in page


def test_the_form_of_a_token_makes_one_with_the_scopes_that_are_the_default(browser):
    page = browser.get("/api/v1/tokens/").content.decode()

    browser.post("/api/v1/tokens/", {"name": "a script", "expires_at": ""})

    assert "<b>Scopes</b> can only be sent as raw data." in page
    assert ApiToken.objects.get().scopes == ["read", "write"]


def test_a_form_keeps_a_moment_that_it_refuses(browser):
    page = browser.post("/api/v1/tokens/", {"name": "a script", "expires_at": "tomorrow"})

    assert page.status_code == 400
    assert 'value="tomorrow"' in page.content.decode()


def test_the_page_of_the_trash_leads_to_where_each_is_restored(browser, task):
    task.delete()

    page = browser.get("/api/v1/tasks/trash/").content.decode()
    [url] = re.findall(r'<a href="([^"]+)">Restore Buy milk</a>', page)
    form = browser.get(url).content.decode()
    restored = browser.post(url)

    assert len(forms(form)) == 2
    assert restored.status_code == 200
    task.refresh_from_db()
    assert task.deleted_at is None


def test_no_button_deletes_what_needs_a_password_for_it(browser, task):
    pages = [browser.get(f"/api/v1/{path}").content.decode() for path in ("me/", f"tasks/{task.pk}/")]

    assert ["DELETE</summary>" in page for page in pages] == [False, True]
