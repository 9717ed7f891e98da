# ruff: noqa: RUF001 (letters that look alike are the point)
"""What each field of a task takes, and what it refuses. Recurrence rules: test_recurrence_rules.py."""

import pytest
from django.core.exceptions import ValidationError

from todos.models import Project, Tag, Task

FULL = {
    "title": "Pay the rent",
    "description": "By standing order",
    "priority": 3,
    "due_date": "2027-01-31",
    "due_time": "09:00:00",
    "recurrence": "FREQ=MONTHLY",
    "tags": ["home", "money"],
}


def errors(response) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


@pytest.fixture
def full(api) -> dict:
    return api.post("/tasks/", FULL).json()


def test_every_field_comes_back_as_it_was_sent(api, full):
    assert {name: full[name] for name in FULL} == FULL
    assert full["series"] is not None
    assert api.get(f"/tasks/{full['id']}/").json() == full


def test_the_list_shows_the_same_as_the_task(api, full):
    assert api.get("/tasks/").json()["results"] == [full]


GOOD = [
    *(("priority", value, value) for value in range(5)),
    ("priority", 2.0, 2),  # JSON has one kind of number
    ("due_date", "0001-01-01", "0001-01-01"),
    ("due_date", "9999-12-31", "9999-12-31"),
    ("due_date", "2028-02-29", "2028-02-29"),
    ("due_time", "00:00", "00:00:00"),
    ("due_time", "23:59:59", "23:59:59"),
    ("recurrence", "FREQ=DAILY", "FREQ=DAILY"),
    ("tags", [], []),
    ("tags", ["x" * 50], ["x" * 50]),
    ("tags", [" trimmed "], ["trimmed"]),
    (
        "tags",
        ["a,b", 'quo"ted', "back\\slash", "new\nline", "👩‍👩‍👧"],
        ["a,b", "back\\slash", "new\nline", 'quo"ted', "👩‍👩‍👧"],
    ),
]


@pytest.mark.parametrize(("field", "value", "answered"), GOOD)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_good_values_are_kept(api, alice, method, field, value, answered):
    task = Task.objects.create(owner=alice, title="x", due_date="2027-01-01")
    body = {"title": "x", "due_date": "2027-01-01", field: value}
    url = "/tasks/" if method == "post" else f"/tasks/{task.pk}/"

    response = getattr(api, method)(url, {field: value} if method == "patch" else body)

    assert response.status_code in (200, 201), response.content
    assert response.json()[field] == answered
    assert api.get(f"/tasks/{response.json()['id']}/").json() == response.json()


BAD = [
    ("priority", -1, "priority", "min_value"),
    ("priority", 5, "priority", "max_value"),
    ("priority", 2**63, "priority", "max_value"),
    ("priority", 1e300, "priority", "max_value"),
    ("priority", 1.5, "priority", "invalid"),
    ("priority", "3", "priority", "invalid"),
    ("priority", True, "priority", "invalid"),
    ("priority", None, "priority", "null"),
    ("priority", [3], "priority", "invalid"),
    *(
        ("due_date", value, "due_date", "invalid")
        for value in (
            *("", "today", "2027-02-29", "2027-13-01", "2027-00-10", "0000-01-01", "10000-01-01", "-001-01-01"),
            *("2027-1-5", "20270105", "2027-W01-1", "2027-001", "2027-01-05T00:00:00Z", "2027-01-05\n", " 2027-01-05"),
            *("٢٠٢٧-٠١-٠٥", "2027‐01‐05", "2027-01-05\0", 20270105, 0, True, ["2027-01-05"], {"year": 2027}),
        )
    ),
    *(
        ("due_time", value, "due_time", "invalid")
        for value in (
            *("", "noon", "24:00", "12:60", "23:59:60", "9:00", "0900", "09", "09:00 PM", "T09:00", "09:00Z"),
            *("09:00+01:00", "09:00:00.5", "09:00:00.000000", "09:00\n", "٠٩:٠٠", 900, 9.0, True, ["09:00"]),
        )
    ),
    *(("recurrence", value, "recurrence", "invalid") for value in ("daily", "FREQ=HOURLY", 5, ["FREQ=DAILY"])),
    ("recurrence", None, "recurrence", "null"),
    ("recurrence", "FREQ=DAILY;" + "X" * 500, "recurrence", "max_length"),
    ("recurrence", "FREQ=DAILY\0", "recurrence", "null_characters_not_allowed"),
    ("tags", None, "tags", "null"),
    ("tags", "home", "tags", "not_a_list"),
    ("tags", {"0": "home"}, "tags", "not_a_list"),
    ("tags", ["x"] * 21, "tags", "max_length"),
    ("tags", ["good", ""], "tags.1", "blank"),
    ("tags", ["good", " \t\n\u3000"], "tags.1", "blank"),
    ("tags", ["good", "\u200b"], "tags.1", "blank"),
    ("tags", ["x" * 51], "tags.0", "max_length"),
    ("tags", ["a\0b"], "tags.0", "null_characters_not_allowed"),
    ("tags", [None], "tags.0", "null"),
    ("tags", [5], "tags.0", "invalid"),
    ("tags", [["home"]], "tags.0", "invalid"),
    ("project", "", "project", "invalid"),
    ("project", "none", "project", "invalid"),
    ("project", 5, "project", "invalid"),
    ("project", {"id": "x"}, "project", "invalid"),
    ("parent", "x" * 36, "parent", "invalid"),
    ("parent", ["x"], "parent", "invalid"),
]


@pytest.mark.parametrize(("field", "value", "where", "code"), BAD, ids=[f"{row[0]}-{row[1]!r:.30}" for row in BAD])
def test_bad_values_are_refused_by_name(api, task, field, value, where, code):
    assert (where, code) in errors(api.patch(f"/tasks/{task.pk}/", {"due_date": "2027-01-01", field: value}))


@pytest.mark.parametrize(("field", "value", "where", "code"), {row[0]: row for row in reversed(BAD)}.values())
def test_every_call_refuses_them(api, full, field, value, where, code):
    url, body = f"/tasks/{full['id']}/", {**FULL, field: value}
    many = {"action": "update", "ids": [full["id"]], "set": {field: value}}

    assert errors(api.post("/tasks/", body)) == [(where, code)]
    assert errors(api.post("/tasks/", [FULL, body])) == [(f"1.{where}", code)]
    assert errors(api.put(url, body)) == [(where, code)]
    assert errors(api.post("/tasks/bulk/", many)) == [(f"set.{where}", code)]
    assert api.get("/tasks/").json()["results"] == [full]


# Rules between fields

NEEDY = [("due_time", "09:00"), ("recurrence", "FREQ=DAILY")]


@pytest.mark.parametrize(("field", "value"), NEEDY)
def test_a_time_and_a_recurrence_need_a_due_date(api, task, field, value):
    refused = [(field, "needs_due_date")]

    assert errors(api.post("/tasks/", {"title": "x", field: value})) == refused
    assert errors(api.put(f"/tasks/{task.pk}/", {"title": "x", field: value})) == refused
    assert errors(api.patch(f"/tasks/{task.pk}/", {field: value})) == refused
    bulk = {"action": "update", "ids": [str(task.pk)], "set": {field: value}}
    assert errors(api.post("/tasks/bulk/", bulk)) == [(f"ids.0.{field}", "needs_due_date")]
    assert errors(api.post("/tasks/", [{"title": "x"}, {"title": "x", field: value}]))[0][1] == "needs_due_date"
    assert Task.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), NEEDY)
def test_the_due_date_stays_while_something_needs_it(api, alice, field, value):
    task = Task.objects.create(owner=alice, title="x", due_date="2027-01-01", **{field: value})

    assert errors(api.patch(f"/tasks/{task.pk}/", {"due_date": None})) == [(field, "needs_due_date")]
    empty = "" if field == "recurrence" else None
    assert api.patch(f"/tasks/{task.pk}/", {"due_date": None, field: empty}).json()["due_date"] is None


@pytest.mark.parametrize(("field", "value"), NEEDY)
def test_the_model_says_so_to_every_writer(alice, field, value):
    with pytest.raises(ValidationError) as refused:
        Task.objects.create(owner=alice, title="x", **{field: value})

    assert refused.value.error_dict[field][0].code == "needs_due_date"


def test_put_sets_what_it_leaves_out_to_its_default(api, alice):
    project = Project.objects.create(owner=alice, name="Home")
    made = api.post("/tasks/", {**FULL, "project": str(project.pk), "completed": False}).json()

    response = api.put(f"/tasks/{made['id']}/", {"title": "Bare"})

    assert response.json() == made | {
        "title": "Bare",
        "description": "",
        "priority": 0,
        "due_date": None,
        "due_time": None,
        "recurrence": "",
        "occurrence_date": None,
        "project": None,
        "tags": [],
        "position": response.json()["position"],
        "updated_at": response.json()["updated_at"],
        "revision": made["revision"] + 1,
    }


@pytest.mark.parametrize("method", ["put", "patch"])
def test_sending_back_what_was_read_changes_nothing(api, alice, full, method):
    before = alice.__class__.objects.get(pk=alice.pk).revision

    response = getattr(api, method)(f"/tasks/{full['id']}/", full)

    assert response.json() == full
    assert alice.__class__.objects.get(pk=alice.pk).revision == before


@pytest.mark.parametrize("field", FULL)
def test_patch_changes_only_what_it_names(api, full, field):
    other = {"title": "y", "description": "", "priority": 0, "due_date": "2027-02-01", "due_time": None}
    other |= {"recurrence": "FREQ=DAILY", "tags": ["other"]}

    response = api.patch(f"/tasks/{full['id']}/", {field: other[field]}).json()

    assert {name for name in FULL if response[name] != full[name]} == {field}
    assert (response["revision"], response["position"]) == (full["revision"] + 1, full["position"])


# Tags


def test_tags_are_sorted_without_case_in_any_script(api):
    names = ["zoo", "Apple", "яблоко", "Ёлка", "ÉCOLE", "banane", "Ärger", "10", "日本", "ΣΟΦΟΣ", "Яма"]

    made = api.post("/tasks/", {"title": "x", "tags": names}).json()

    assert made["tags"] == ["10", "Apple", "banane", "zoo", "Ärger", "ÉCOLE", "ΣΟΦΟΣ", "яблоко", "Яма", "Ёлка", "日本"]
    assert api.get(f"/tasks/{made['id']}/").json()["tags"] == made["tags"]
    assert [tag["name"] for tag in api.get("/tags/").json()["results"]] == made["tags"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *[("Home", "hOME"), ("Straße", "STRASSE"), ("σοφος", "ΣΟΦΟΣ"), ("ЁЖ", "ёж"), ("café", "CAFE\u0301")],
        *[("ﬁn", "FIN"), ("✏", "✏️"), ("✏️", "✏"), ("home", "ho\u200bme"), ("home", "\ufeffhome"), ("a b", "a\u00a0b")],
        *[("a b", "a \t b"), ("a b", "A\u3000\u2009B"), ("نامه‌ها", "نامهها"), ("a\u00adb", "ab")],
    ],
)
def test_names_that_look_the_same_are_one_tag_and_the_first_stays(api, first, second):
    one = api.post("/tasks/", {"title": "one", "tags": [first, second]})
    two = api.post("/tasks/", {"title": "two", "tags": [second]})

    assert one.json()["tags"] == two.json()["tags"] == [first]
    assert [tag["name"] for tag in api.get("/tags/").json()["results"]] == [first]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cafe", "café"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "\U0001f3f4"),  # Scotland's flag
        ("a b", "ab"),
        ("m2", "m²"),
        ("don't", "don’t"),
    ],
)
def test_names_that_look_different_are_two_tags(api, first, second):
    made = api.post("/tasks/", {"title": "x", "tags": [first, second]}).json()

    assert sorted(made["tags"]) == sorted([first, second])


def test_the_first_spelling_in_a_list_of_tasks_stays(api):
    spellings = ["hOmE", "HOME", "home", "Home", "HoMe"]

    made = api.post("/tasks/", [{"title": "x", "tags": [name]} for name in spellings]).json()

    assert [task["tags"] for task in made] == [["hOmE"]] * 5


def test_20_tags_fit(api):
    names = [f"{number:02}" for number in range(20)]

    assert api.post("/tasks/", {"title": "x", "tags": names}).json()["tags"] == names


def test_other_spellings_of_the_same_tags_change_nothing(api, full):
    assert api.patch(f"/tasks/{full['id']}/", {"tags": ["MONEY", "Home", "home"]}).json() == full


def test_the_model_takes_20_tags_and_no_more(alice):
    names = [f"{number:02}" for number in range(21)]

    with pytest.raises(ValidationError) as refused:
        Task.objects.create(owner=alice, title="x", tags=names)

    assert refused.value.error_dict["tags"][0].code == "max_length"
    assert Task.objects.create(owner=alice, title="x", tags=[*names[:20], "00"]).tags == names[:20]


def test_changing_tags_changes_the_revision(api, full):
    fewer = api.patch(f"/tasks/{full['id']}/", {"tags": ["home"]}).json()
    none = api.patch(f"/tasks/{full['id']}/", {"tags": []}).json()

    assert (fewer["tags"], fewer["revision"]) == (["home"], full["revision"] + 1)
    assert (none["tags"], none["revision"]) == ([], full["revision"] + 2)
    assert Tag.objects.count() == 2  # a tag outlives its last task


def test_two_owners_tags_of_one_name_are_two(api, bobs_api):
    api.post("/tasks/", {"title": "x", "tags": ["home"]})

    assert bobs_api.post("/tasks/", {"title": "x", "tags": ["HOME"]}).json()["tags"] == ["HOME"]
    assert bobs_api.get("/tasks/").json()["results"][0]["tags"] == ["HOME"]
