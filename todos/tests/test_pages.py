"""The browsable API: the same calls, for people."""

import pytest

from conftest import PASSWORD
from todos.models import Task


@pytest.fixture
def browser(client, alice):
    """Alice in a browser, signed in."""
    client.raise_request_exception = False
    client.login(username=alice.email, password=PASSWORD)
    client.defaults["HTTP_ACCEPT"] = "text/html"
    return client


@pytest.mark.parametrize("path", ["", "tasks/", "tokens/", "me/", "me/password/", "tasks/?completed=true&limit=1"])
def test_every_page_opens(browser, task, path):
    page = browser.get(f"/api/v1/{path}")

    assert page.status_code in (200, 405)  # some calls can only be posted to; their page has the form
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "alice@example.com" in page.content.decode()


@pytest.mark.parametrize("call", ["", "complete/", "reopen/", "toggle/"])
def test_the_pages_of_a_task_open(browser, task, call):
    assert browser.get(f"/api/v1/tasks/{task.pk}/{call}").status_code == (405 if call else 200)


def test_the_form_of_a_task_shows_its_values(browser, task):
    page = browser.get(f"/api/v1/tasks/{task.pk}/").content.decode()

    assert 'value="Buy milk"' in page


def test_a_form_makes_a_task(browser):
    page = browser.post("/api/v1/tasks/", {"title": "From a form", "description": ""})

    assert page.status_code == 201
    assert Task.objects.get().title == "From a form"


def test_a_bad_form_says_why(browser):
    page = browser.post("/api/v1/tasks/", {"title": ""})

    assert page.status_code == 400
    assert "This field may not be blank." in page.content.decode()


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
    assert "Signed in as alice@example.com" in browser.get("/").content.decode()

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


def test_the_form_of_a_task_shows_and_keeps_its_tags(browser, task):
    task.tags = ["b", "A"]
    task.save()

    page = browser.get(f"/api/v1/tasks/{task.pk}/").content.decode()
    assert 'value="A, b"' in page

    browser.post("/api/v1/tasks/", {"title": "From a form", "tags": "x, Y,"})
    assert Task.objects.get(title="From a form").tags == ["x", "Y"]
