"""The browsable page of an import: a form for the file, the dry run first, and the report as tables."""

import re

import pytest
from django.test import Client as Browser

from testing.uploads import named, sample
from todos.models import Task

PATH = "/api/v1/import/taskwarrior/"


@pytest.fixture
def browser(alice) -> Browser:
    browser = Browser(headers={"Accept": "text/html"})
    browser.force_login(alice)
    return browser


def test_the_form_takes_a_file_and_begins_with_a_dry_run(browser):
    page = browser.get(PATH).content.decode()

    assert re.search(r'<form[^>]* enctype="multipart/form-data"', page)
    assert re.search(r'<input [^>]*name="file"[^>]* type="file"', page)
    assert re.search(r'<input [^>]*name="dry_run"[^>]* checked', page)
    assert "_content" not in page  # raw data has no files


def test_the_description_has_paragraphs_and_no_line_breaks_of_the_code(browser):
    page = browser.get("/api/v1/import/csv/").content.decode()

    assert "<p>Import tasks from CSV.</p>" in page
    assert "The columns are those of the export; what has another name is in <code>lost</code>.</p>" in page


def test_a_dry_run_shows_the_report_and_changes_nothing(browser):
    page = browser.post(PATH, {"file": sample("taskwarrior"), "dry_run": "true"}).content.decode()

    assert not Task.objects.exists()
    assert "This was a dry run: nothing has been changed." in page
    assert '<tr><th scope="row">Tasks</th><td>3</td></tr>' in page
    assert "<tr><td>item 5: Gone</td><td>status</td><td>It was deleted.</td></tr>" in page
    assert re.search(r'<input [^>]*name="dry_run"[^>]* checked', page)


def test_without_the_tick_the_file_is_imported(browser):
    page = browser.post(PATH, {"file": sample("taskwarrior")}).content.decode()

    assert Task.objects.count() == 3
    assert "<caption>What was created</caption>" in page
    assert "dry run: nothing" not in page


def test_a_refused_file_is_explained(browser):
    page = browser.post(PATH, {"file": named(b"[1]", "x"), "dry_run": "true"}).content.decode()

    assert "<b>file</b>: item 1: It isn&#x27;t an object." in page


def test_text_of_a_file_is_no_markup(browser):
    file = named(b"<script>alert(1)</script>\nx due:<b>\n", "todo.txt")

    page = browser.post("/api/v1/import/todotxt/", {"file": file}).content.decode()

    assert "<script>alert" not in page
    assert "due:<b>" not in page


def test_the_form_needs_djangos_token(alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)

    assert browser.post(PATH, {"file": sample("taskwarrior")}).status_code == 403
