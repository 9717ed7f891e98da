"""sync-collection and calendar-multiget."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dav import objects
from dav.tests.conftest import condition, read, vtodo
from todos.models import Project, Task

# sync-collection


def test_the_first_sync_has_all_and_the_next_what_changed(dav, api):
    dav.put_text("inbox/a.ics", vtodo(uid="a"))
    dav.put_text("inbox/b.ics", vtodo(uid="b"))
    dav.put_text("inbox/gone.ics", vtodo(uid="gone"))
    dav.call("DELETE", "inbox/gone.ics")

    first, token = dav.sync("inbox/")
    assert first == {"a.ics": 200, "b.ics": 200}
    assert dav.sync("inbox/", token) == ({}, token)

    dav.put_text("inbox/a.ics", vtodo("PRIORITY:1", uid="a"))
    dav.call("DELETE", "inbox/b.ics")
    dav.put_text("inbox/c.ics", vtodo(uid="c"))
    assert dav.sync("inbox/", token)[0] == {"a.ics": 200, "b.ics": 404, "c.ics": 200}


def test_what_left_a_list_is_gone_from_it_and_new_in_the_other(dav, api, home):
    task = api.post("/tasks/", {"title": "x"}).json()
    _, inbox = dav.sync("inbox/")
    _, other = dav.sync(f"{home.pk}/")

    api.patch(f"/tasks/{task['id']}/", {"project": str(home.pk)})

    assert dav.sync("inbox/", inbox)[0] == {f"{task['id']}.ics": 404}
    assert dav.sync(f"{home.pk}/", other)[0] == {f"{task['id']}.ics": 200}

    api.patch(f"/tasks/{task['id']}/", {"project": None})
    assert dav.sync("inbox/", inbox)[0] == {f"{task['id']}.ics": 200}
    assert dav.sync(f"{home.pk}/", other)[0] == {f"{task['id']}.ics": 404}


@pytest.mark.parametrize("move", ["patch", "move", "bulk", "queryset", "bulk_update", "save", "with its parent"])
def test_every_way_out_of_a_list_is_noted(dav, api, alice, home, move):
    task = Task.objects.create(owner=alice, title="x")
    _, token = dav.sync("inbox/")
    target = {"project": str(home.pk)}
    if move == "with its parent":
        parent = Task.objects.create(owner=alice, title="parent", project=home)
        target = {"parent": str(parent.pk)}
    ways = {
        "patch": lambda: api.patch(f"/tasks/{task.pk}/", target),
        "move": lambda: api.post(f"/tasks/{task.pk}/move/", target),
        "bulk": lambda: api.post("/tasks/bulk/", {"action": "move", "ids": [str(task.pk)], "set": target}),
        "queryset": lambda: Task.objects.filter(pk=task.pk).update(project=home),
        "bulk_update": lambda: Task.objects.bulk_update([task], ["project"]),
        "save": lambda: task.save(),
        "with its parent": lambda: api.patch(f"/tasks/{task.pk}/", target),
    }

    task.project = home
    ways[move]()

    assert Task.objects.get(pk=task.pk).project == home
    assert dav.sync("inbox/", token)[0] == {f"{task.pk}.ics": 404}


@pytest.mark.parametrize("back", ["moved", "restored"])
def test_what_comes_into_a_list_that_has_its_name_already_gets_another(dav, api, back):
    dav.call("MKCALENDAR", "work/")
    dav.put_text("inbox/a.ics", vtodo("X-A:1"))
    first = Task.objects.get()
    if back == "restored":
        dav.call("DELETE", "inbox/a.ics")
    dav.put_text(f"{'work' if back == 'moved' else 'inbox'}/a.ics", vtodo("X-A:2"))
    if back == "moved":
        api.patch(f"/tasks/{first.pk}/", {"project": str(Project.objects.get().pk)})
    else:
        api.post(f"/tasks/{first.pk}/restore/")
    where = "work/" if back == "moved" else "inbox/"

    assert dav.sync(where)[0] == {"a.ics": 200, f"{first.pk}.ics": 200}
    assert dav.text(f"{where}a.ics") == vtodo("X-A:2")
    assert dav.text(f"{where}{first.pk}.ics") == vtodo("X-A:1", uid=str(first.pk))


def test_a_renamed_object_is_gone_by_its_old_name(dav, alice):
    dav.put_text("inbox/old.ics", vtodo())
    _, token = dav.sync("inbox/")

    dav.call("MOVE", "inbox/old.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/inbox/new.ics")

    assert dav.sync("inbox/", token)[0] == {"old.ics": 404, "new.ics": 200}


def test_thousands_that_are_gone_are_looked_up_in_parts(dav, alice, monkeypatch):
    for number in range(5):
        dav.put_text(f"inbox/{number}.ics", vtodo(uid=str(number)))
    _, token = dav.sync("inbox/")
    Task.objects.filter(owner=alice).delete()
    dav.put_text("inbox/4.ics", vtodo(uid="4"))
    monkeypatch.setattr(objects, "PAGE_OF_NAMES", 2)

    assert dav.sync("inbox/", token)[0] == {**{f"{number}.ics": 404 for number in range(4)}, "4.ics": 200}


def test_every_name_that_an_object_had_in_a_list_is_gone_with_it(dav, alice, home):
    dav.put_text("inbox/a.ics", vtodo())
    _, token = dav.sync("inbox/")

    dav.call("MOVE", "inbox/a.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/inbox/b.ics")
    dav.call("MOVE", "inbox/b.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/{home.pk}/c.ics")

    assert dav.sync("inbox/", token)[0] == {"a.ics": 404, "b.ics": 404}


def test_an_object_that_was_deleted_and_made_again_by_another_name_is_gone_by_its_old_one(dav):
    dav.put_text("inbox/a.ics", vtodo())
    _, token = dav.sync("inbox/")

    dav.call("DELETE", "inbox/a.ics")
    dav.put_text("inbox/b.ics", vtodo())

    assert dav.sync("inbox/", token)[0] == {"a.ics": 404, "b.ics": 200}


def test_an_object_that_got_another_name_when_it_was_restored_is_gone_by_its_old_one(dav, api):
    dav.put_text("inbox/a.ics", vtodo())
    task = Task.objects.get()
    _, token = dav.sync("inbox/")
    dav.call("DELETE", "inbox/a.ics")
    dav.put_text("inbox/b.ics", vtodo())

    api.post(f"/tasks/{task.pk}/restore/")

    assert dav.sync("inbox/", token)[0] == {"a.ics": 404, "b.ics": 200, f"{task.pk}.ics": 200}


def test_a_name_in_the_trash_is_not_gone_while_another_object_has_it(dav, api):
    dav.put_text("inbox/a.ics", vtodo("CATEGORIES:x"))
    dav.call("DELETE", "inbox/a.ics")
    dav.put_text("inbox/a.ics", vtodo())
    _, token = dav.sync("inbox/")

    Task.objects.in_trash().update(priority=1)

    assert dav.sync("inbox/", token)[0] == {}


def test_what_comes_back_from_the_trash_is_there_again(dav, api):
    dav.put_text("inbox/a.ics", vtodo())
    _, token = dav.sync("inbox/")
    dav.call("DELETE", "inbox/a.ics")
    api.post(f"/tasks/{Task.objects.get().pk}/restore/")

    assert dav.sync("inbox/", token)[0] == {"a.ics": 200}


def test_a_limit_cuts_and_the_rest_follows(dav, alice):
    Task.objects.bulk_create([Task(owner=alice, title=str(number)) for number in range(7)])  # one revision
    dav.put_text("inbox/a.ics", vtodo())

    found, token, pages = {}, "", 0
    while True:
        page, token = dav.sync("inbox/", token, limit=3)
        pages += 1
        cut = page.pop("", None)
        assert cut in (None, 507)
        assert not found.keys() & page.keys()
        found |= page
        if not cut:
            break

    assert (len(found), pages) == (8, 3)
    assert dav.sync("inbox/", token)[0] == {}


def test_a_limit_cuts_the_last_revision_too(dav, api):
    api.post("/tasks/", [{"title": str(number)} for number in range(5)])

    first, token = dav.sync("inbox/", limit=3)
    second, _ = dav.sync("inbox/", token, limit=3)

    assert (first.pop(""), len(first), len(second)) == (507, 3, 2)
    assert not first.keys() & second.keys()


def test_a_limit_does_not_cut_between_the_names_of_one_task(dav, alice):
    dav.put_text("inbox/old.ics", vtodo())
    _, token = dav.sync("inbox/")
    dav.call("MOVE", "inbox/old.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/inbox/new.ics")

    assert dav.sync("inbox/", token, limit=1)[0] == {"old.ics": 404, "new.ics": 200}


@pytest.mark.parametrize("token", ["x", "urn:x-todo-sync:", "urn:x-todo-sync:WzFd:abc", "http://example.com/1", "é"])
def test_a_token_that_was_never_given_is_refused(dav, token):
    response = dav.report("inbox/", "d:sync-collection", f"<d:sync-token>{token}</d:sync-token><d:prop/>")

    assert (response.status_code, condition(response)) == (403, "valid-sync-token")


def test_another_users_token_is_refused(dav, bobs_dav):
    _, token = bobs_dav.sync("inbox/")

    response = dav.report("inbox/", "d:sync-collection", f"<d:sync-token>{token}</d:sync-token><d:prop/>")

    assert condition(response) == "valid-sync-token"


def test_a_token_of_another_time_zone_is_refused(dav, api):
    _, token = dav.sync("inbox/")
    api.patch("/me/", {"timezone": "Asia/Tokyo"})

    response = dav.report("inbox/", "d:sync-collection", f"<d:sync-token>{token}</d:sync-token><d:prop/>")

    assert condition(response) == "valid-sync-token"


def test_a_token_from_before_a_purge_is_refused(dav):
    dav.put_text("inbox/a.ics", vtodo())
    _, token = dav.sync("inbox/")
    dav.call("DELETE", "inbox/a.ics")
    Task.objects.all().purge()

    response = dav.report("inbox/", "d:sync-collection", f"<d:sync-token>{token}</d:sync-token><d:prop/>")

    assert condition(response) == "valid-sync-token"


def test_nothing_new_takes_two_queries(dav, task, home):
    _, token = dav.sync("inbox/")
    _, other = dav.sync(f"{home.pk}/")

    for path, since in [("inbox/", token), (f"{home.pk}/", other)]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert dav.sync(path, since)[0] == {}
        assert len(queries) == 2, [each["sql"] for each in queries]


# calendar-multiget


def test_multiget_answers_each_address_in_its_own_spelling(dav, alice, bob, task):
    dav.put_text("inbox/a%20b.ics", vtodo())
    home = f"/dav/{alice.pk}/inbox"
    hrefs = [f"{home}/a%20b.ics", f"http://testserver{home}/{task.pk}.ics", f"{home}/none.ics"]
    hrefs += [f"/dav/{bob.pk}/inbox/{task.pk}.ics", "/elsewhere", f"/dav/{alice.pk}/other/{task.pk}.ics"]
    inner = "<d:prop><d:getetag/><c:calendar-data/></d:prop>" + "".join(f"<d:href>{each}</d:href>" for each in hrefs)

    response = dav.report("inbox/", "c:calendar-multiget", inner)

    found = read(response)
    assert list(found) == hrefs
    assert found[hrefs[0]]["calendar-data"] == vtodo().replace("\r\n", "\n")
    assert "SUMMARY:Buy milk" in found[hrefs[1]]["calendar-data"]
    assert [found[each] for each in hrefs[2:]] == [{}] * 4


def test_tags_alone_read_no_texts(dav, alice):
    hrefs = []
    for number in range(10):
        dav.put_text(f"inbox/{number}.ics", vtodo(uid=str(number)))
        hrefs.append(f"<d:href>/dav/{alice.pk}/inbox/{number}.ics</d:href>")

    with CaptureQueriesContext(connection) as queries:
        response = dav.report("inbox/", "c:calendar-multiget", f"<d:prop><d:getetag/></d:prop>{''.join(hrefs)}")

    assert len(read(response)) == 10
    assert "body" not in "".join(each["sql"] for each in queries)
