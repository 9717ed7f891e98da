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
    answers = [send(tasks["a"]), send(tasks["p"])]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert order(home.tasks.filter(parent=None)) == "bca"
    tasks["p"].refresh_from_db()
    assert tasks["p"].parent == tasks["a"]


def test_a_choice_of_its_own_takes_a_task_out_of_its_parent_and_out_of_its_project(send, tasks, home):
    up = send(tasks["p"], parent="None: the top level")
    tasks["p"].refresh_from_db()
    place = tasks["p"].place
    out = send(tasks["p"], project="None: the inbox")
    tasks["p"].refresh_from_db()

    assert [up.status_code, out.status_code] == [200, 200]
    assert [place, tasks["p"].place] == [(None, home.pk), (None, None)]


def test_nothing_is_offered_to_stand_beside_or_below_itself(browser, tasks, home):
    page = browser.get(f"/api/v1/tasks/{tasks['b'].pk}/move/").content.decode()

    assert list(options(page, "before")) == list(options(page, "after")) == ["---------", "p", "c", "a"]
    assert list(options(page, "parent")) == ["Don't change", "None: the top level", "p", "c", "a"]
    assert list(options(page, "project")) == ["Don't change", "None: the inbox", "Home"]


def test_a_move_that_is_refused_keeps_what_was_chosen(send, tasks):
    page = send(tasks["p"], parent="None: the top level", before="b", after="c")

    assert page.status_code == 400
    assert '<option value="none" selected>None: the top level</option>' in page.content.decode()
    assert f'<option value="{tasks["b"].pk}" selected>b</option>' in page.content.decode()


@pytest.mark.parametrize("value", ["", "none", None])
@pytest.mark.parametrize("field", ["before", "after", "project", "parent"])
def test_json_has_no_such_words(api, tasks, field, value):
    answer = api.post(f"/tasks/{tasks['p'].pk}/move/", {field: value})

    taken = value is None and field in ("project", "parent")
    assert answer.status_code == (200 if taken else 400)
