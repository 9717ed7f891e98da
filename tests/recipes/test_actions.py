"""How to add an action, as CONTRIBUTING.md says: its code is run here."""

import re

from django.core import checks

from api import fields
from api.serializers import Serializer
from testing.problems import refused
from testing.resources import Action
from testing.servers import ROOT
from todos.models import Task
from todos.views import task as tasks


def parts(heading: str) -> list[str]:
    """The code below a heading, cut at the comments that name its files."""
    [code] = re.findall(rf"^## {heading}\n.*?```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    return re.split(r"^# \S+\.py.*\n", code, flags=re.M)[1:]


def test_an_action(serve, monkeypatch, api, bobs_api, task):
    model, serializer, view, registered = parts("How to add an action")
    found: dict = {}
    exec(model.replace("(...)", ""), found)
    monkeypatch.setattr(Task, "prioritize", found["Task"].prioritize, raising=False)
    found = {**vars(tasks), "Serializer": Serializer, "fields": fields, "Base": tasks.TaskViewSet}
    exec(serializer + view.replace("(...)", "(Base)"), found)
    body = eval(f"{{{registered}}}", {"Action": Action})["prioritize"].body(task)
    serve(tasks=found["TaskViewSet"])
    url, before = f"/tasks/{task.pk}/prioritize/", task.revision

    response = api.post(url, body)

    assert (response.status_code, response.json()["priority"], response.json()["revision"]) == (200, 1, before + 1)
    assert api.get(f"/tasks/{task.pk}/").json() == response.json()
    assert refused(api.post(url, {"by": "1", "from": 2})) == [("by", "invalid"), ("from", "unknown")]
    assert bobs_api.post(url, body).status_code == 404
    assert [each for each in checks.run_checks(tags=[checks.Tags.urls]) if each.id.startswith("api.")] == []
