"""The summary, against a plain count in Python."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import time_machine

from todos.models import Project, Task

NOW = datetime(2027, 3, 15, 11, 30, tzinfo=ZoneInfo("UTC"))


def count(tasks: list[Task], now: datetime) -> dict:
    """What the summary should say, slowly: `now` is the owner's."""
    today, clock = now.date(), now.time()

    def overdue(task) -> bool:
        if task.due_date is None:
            return False
        return task.due_date < today or (task.due_date == today and task.due_time is not None and task.due_time < clock)

    tasks = [task for task in tasks if task.deleted_at is None]
    opened = [task for task in tasks if task.completed_at is None]
    projects = sorted({task.project_id for task in tasks}, key=lambda pk: str(pk or ""))
    return {
        "total": len(tasks),
        "open": len(opened),
        "completed": len(tasks) - len(opened),
        "overdue": sum(overdue(task) for task in opened),
        "due_today": sum(task.due_date == today for task in opened),
        "by_priority": {str(priority): sum(task.priority == priority for task in opened) for priority in range(5)},
        "by_project": [
            {
                "project": pk and str(pk),
                "open": sum(task.project_id == pk for task in opened),
                "completed": sum(task.project_id == pk and task.completed_at is not None for task in tasks),
            }
            for pk in projects
        ],
    }


def random_tasks(owner, random: Random, size: int) -> list[Task]:
    projects = [None, *(Project.objects.create(owner=owner, name=f"{owner.name} {n}") for n in range(3))]
    tasks = []
    for number in range(size):
        day = random.choice([None, date.min, date.max, *(NOW.date() + timedelta(days=n) for n in range(-2, 3))])
        tasks.append(
            Task(
                owner=owner,
                title=f"{number}",
                priority=random.randrange(5),
                due_date=day,
                due_time=day and random.choice([None, time(0), time(11, 30), time(12, 30), time(23, 59)]),
                project=random.choice(projects),
                completed=random.random() < 0.3,
                tags=random.sample(["a", "b", "c"], random.randrange(3)),
            )
        )
    Task.objects.bulk_create(tasks)
    Task.objects.filter(pk__in=[task.pk for task in tasks if random.random() < 0.2]).delete()
    return list(Task.objects.filter(owner=owner))


def test_an_owner_without_tasks_gets_zeros(api, bobs_task):
    assert api.get("/tasks/summary/").json() == count([], NOW)


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "UTC", "Europe/Zurich", "Pacific/Kiritimati"])
@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_are_those_of_a_plain_count(api, alice, bob, zone, seed):
    alice.timezone = zone
    alice.save()
    tasks = random_tasks(alice, Random(seed), 60)
    random_tasks(bob, Random(seed + 1), 10)

    with time_machine.travel(NOW, tick=False):
        response = api.get("/tasks/summary/")

    assert response.status_code == 200
    assert response.json() == count(tasks, NOW.astimezone(ZoneInfo(zone)))


def test_today_is_the_owners_today(api, alice):
    Task.objects.create(owner=alice, title="x", due_date="2027-03-15")
    seen = {}

    for zone in ("Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"):
        api.patch("/me/", {"timezone": zone})
        with time_machine.travel(datetime(2027, 3, 15, 10, 30, tzinfo=ZoneInfo("UTC")), tick=False):
            response = api.get("/tasks/summary/").json()
        seen[zone] = (response["due_today"], response["overdue"])

    assert seen == {"Pacific/Pago_Pago": (0, 0), "UTC": (1, 0), "Pacific/Kiritimati": (0, 1)}


@pytest.mark.parametrize("size", [1, 100])
def test_it_takes_2_queries(api, alice, size, django_assert_num_queries):
    random_tasks(alice, Random(1), size)
    api.get("/tasks/")

    with django_assert_num_queries(2):  # the token, the counts
        api.get("/tasks/summary/")


def test_it_takes_no_parameters(api):
    response = api.get("/tasks/summary/?project=none")

    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "unknown"
