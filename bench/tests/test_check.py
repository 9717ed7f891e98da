from datetime import UTC, datetime

from bench.cases import CREATE, LIST
from bench.check import Useless, comparable

TASK = {"id": "1", "title": "Buy milk", "created_at": "2026-11-20T12:00:00Z", "tags": []}


def page(**changes) -> dict:
    return {"next": "/somewhere", "previous": None, "results": [{**TASK, **changes}]}


def test_moments_are_compared_and_not_how_they_are_written():
    assert comparable(LIST, 200, page()) == comparable(LIST, 200, page(created_at="2026-11-20T12:00:00+00:00"))
    assert comparable(LIST, 200, page())[2] == [{**TASK, "created_at": datetime(2026, 11, 20, 12, tzinfo=UTC)}]


def test_another_value_a_missing_field_and_a_missing_row_are_no_equal_response():
    expected = comparable(LIST, 200, page())

    assert comparable(LIST, 200, page(tags=["home"])) != expected
    assert comparable(LIST, 200, {**page(), "results": [{"id": "1"}]}) != expected
    assert comparable(LIST, 200, {**page(), "results": page()["results"] * 2}) != expected
    assert comparable(LIST, 200, {**page(), "next": None}) != expected


def test_an_empty_list_and_a_refusal_are_no_measure():
    assert isinstance(comparable(LIST, 200, {**page(), "results": []}), Useless)
    assert isinstance(comparable(LIST, 401, page()), Useless)
    assert isinstance(comparable(CREATE, 200, TASK), Useless)


def test_a_new_task_has_an_id_of_its_own():
    assert comparable(CREATE, 201, TASK) == comparable(CREATE, 201, {**TASK, "id": "2"})
    assert comparable(CREATE, 201, TASK) != comparable(CREATE, 201, {**TASK, "title": "Buy bread"})
