"""The forms on the pages of `move`: what is left blank is not named."""

import re

import pytest

from todos.models import Project, Task


def order(rows) -> str:
    return "".join(str(row) for row in rows.order_by("position", "id"))


def options(page: str, field: str) -> dict[str, str]:
    """What a select offers: each text with what it sends."""
    select = page.split(f'name="{field}"')[1].split("</select>")[0]
    return {text: value for value, text in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', select)}


@pytest.fixture
def home(alice):
    return Project.objects.create(owner=alice, name="Home")


@pytest.fixture
def tasks(alice, home) -> dict[str, Task]:
    tasks = {title: Task.objects.create(owner=alice, title=title, project=home) for title in "abc"}
    return {**tasks, "p": Task.objects.create(owner=alice, title="p", parent=tasks["a"])}


@pytest.fixture
def send(browser):
    """Send the form of a move as a browser does: all selects, each with its first option unless one is chosen."""

    def send(thing, **chosen: str):
        path = f"/api/v1/{thing._meta.model_name}s/{thing.pk}/move/"
        page = browser.get(path).content.decode()
        offered = {name: options(page, name) for name in re.findall(r'<select id="field-\w+" name="(\w+)"', page)}
        first = {name: next(iter(texts.values())) for name, texts in offered.items()}
        return browser.post(path, first | {name: offered[name][text] for name, text in chosen.items()})

    return send


@pytest.mark.parametrize(("side", "expected"), [("before", "cab"), ("after", "acb")])
def test_a_task_is_put_beside_the_one_that_is_chosen(send, tasks, home, side, expected):
    page = send(tasks["c"], **{side: "a"})

    assert page.status_code == 200
    assert order(home.tasks.filter(parent=None)) == expected


@pytest.mark.parametrize(("side", "expected"), [("before", "cab"), ("after", "acb")])
def test_a_project_is_put_beside_the_one_that_is_chosen(send, alice, side, expected):
    projects = {name: Project.objects.create(owner=alice, name=name) for name in "abc"}

    page = send(projects["c"], **{side: "a"})

    assert page.status_code == 200
    assert order(Project.objects.all()) == expected


def test_without_any_choice_it_goes_last_where_it_is(send, tasks, home):
    responses = [send(tasks["a"]), send(tasks["p"])]

    assert [response.status_code for response in responses] == [200, 200]
    assert order(home.tasks.filter(parent=None)) == "bca"
    tasks["p"].refresh_from_db()
    assert tasks["p"].parent == tasks["a"]


def test_the_form_does_not_ask_for_what_a_blank_would_change(browser, tasks):
    page = browser.get(f"/api/v1/tasks/{tasks['p'].pk}/move/").content.decode()

    assert re.findall(r"<b>(\w+)</b> can only be sent as raw data", page) == ["Project", "Parent"]


def test_raw_data_sent_as_it_begins_leaves_a_task_in_its_project(browser, tasks, home):
    path = f"/api/v1/tasks/{tasks['a'].pk}/move/"
    page = browser.get(path).content.decode()
    (text,) = re.findall(r'<textarea name="_content"[^>]*>(.*?)</textarea>', page, re.DOTALL)

    response = browser.post(path, text, content_type="application/json")

    assert (text.strip(), response.status_code) == ("{}", 200)
    assert order(home.tasks.filter(parent=None)) == "bca"


def test_nothing_is_offered_to_stand_beside_itself(browser, tasks, home):
    page = browser.get(f"/api/v1/tasks/{tasks['b'].pk}/move/").content.decode()

    assert list(options(page, "before")) == list(options(page, "after")) == ["---------", "p", "c", "a"]


def test_a_move_that_is_refused_keeps_what_was_chosen(send, tasks):
    page = send(tasks["p"], before="b", after="c")

    assert page.status_code == 400
    assert f'<option value="{tasks["b"].pk}" selected>b</option>' in page.content.decode()


@pytest.mark.parametrize("value", ["", "none", None])
@pytest.mark.parametrize("field", ["before", "after", "project", "parent"])
def test_json_has_no_such_words(api, tasks, field, value):
    response = api.post(f"/tasks/{tasks['p'].pk}/move/", {field: value})

    taken = value is None and field in ("project", "parent")
    assert response.status_code == (200 if taken else 400)
