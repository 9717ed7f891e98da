from todos.models import Task


def test_a_task_can_be_fetched(api, task):
    response = api.get(f"/tasks/{task.id}/")

    assert response.status_code == 200
    assert response.json()["title"] == "Buy milk"
    assert response.json()["description"] == "Two litres"


def test_patch_changes_only_what_it_names(api, task):
    before = api.get(f"/tasks/{task.id}/").json()

    response = api.patch(f"/tasks/{task.id}/", {"title": "Buy oat milk"})

    after = response.json()
    assert response.status_code == 200
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == {**before, "title": "Buy oat milk", "revision": before["revision"] + 1}
    assert after.items() <= api.get(f"/tasks/{task.id}/").json().items()


def test_put_resets_what_it_leaves_out(api, task):
    task.complete()

    response = api.put(f"/tasks/{task.id}/", {"title": "Buy oat milk"})

    assert response.status_code == 200
    assert response.json()["description"] == ""
    assert response.json()["completed"] is False
    assert response.json()["completed_at"] is None


def test_put_needs_the_title(api, task):
    response = api.put(f"/tasks/{task.id}/", {"description": "no title"})

    assert response.status_code == 400
    assert response.json()["errors"] == [{"field": "title", "code": "required", "message": "This field is required."}]
    assert Task.objects.get().description == "Two litres"


def test_what_was_read_can_be_sent_back(api, task):
    before = api.get(f"/tasks/{task.id}/").json()

    after = api.put(f"/tasks/{task.id}/", before).json()

    assert {**after, "updated_at": None, "revision": None} == {**before, "updated_at": None, "revision": None}


def test_an_unknown_field_changes_nothing(api, task):
    response = api.patch(f"/tasks/{task.id}/", {"title": "New", "colour": "red"})

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": "colour", "code": "unknown", "message": "This field is unknown. Check its name."}
    ]
    assert Task.objects.get().title == "Buy milk"


def test_a_refused_write_takes_no_revision(api, alice, task):
    api.patch(f"/tasks/{task.id}/", {"title": ""})

    alice.refresh_from_db()
    assert alice.revision == task.revision


def test_a_deleted_task_is_gone_from_the_list_and_kept_in_the_trash(api, task):
    response = api.delete(f"/tasks/{task.id}/")

    assert (response.status_code, response.content) == (204, b"")
    assert api.get(f"/tasks/{task.id}/").status_code == 404
    assert api.get("/tasks/").json()["results"] == []
    assert Task.objects.get().deleted_at is not None


def test_deleting_twice_is_a_404(api, task):
    api.delete(f"/tasks/{task.id}/")

    assert api.delete(f"/tasks/{task.id}/").status_code == 404


def test_an_id_may_be_written_in_capitals(api, task):
    path = f"/tasks/{str(task.pk).upper()}/"

    assert api.get(path).json()["id"] == str(task.pk)
    assert api.patch(path, {"title": "Renamed"}).status_code == 200


def test_an_id_that_is_none_is_a_404(api):
    response = api.get("/tasks/not-an-id/")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_read_is_two_queries(api, task, django_assert_num_queries):
    api.get(f"/tasks/{task.id}/")

    with django_assert_num_queries(2):  # token, task
        api.get(f"/tasks/{task.id}/")


def test_an_update_is_three_statements_inside_one_transaction(api, task, django_assert_num_queries):
    api.get(f"/tasks/{task.id}/")

    with django_assert_num_queries(6):  # token, savepoint, revision, task, update, release
        api.patch(f"/tasks/{task.id}/", {"title": "New"})
