"""The resources of the API: how to make one of each. All guards go by this; there is nowhere else to tell them.

For a new one, add an entry to RESOURCES. What can be known from the model and the router is not repeated here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.utils import timezone

from api.ids import uuid7
from dav.models import OtherObject
from live.models import Delivery, Hook
from ownership.revised import RevisedModel
from todos.models import Project, Tag, Task
from transfer.models import Feed
from users.models import ApiToken, User

MISSING = "01900000-0000-7000-8000-000000000000"  # the id of nothing

Another = Callable[[type[Model]], Any]


@dataclass(frozen=True)
class Action:
    """What an action needs to succeed.

    fields: what its object needs besides, by the names of the model.
    body: `body(thing)` is what the call takes, for one that was made with these fields.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    body: Callable[[Any], dict[str, Any]] = lambda thing: {}


@dataclass(frozen=True)
class Resource:
    """What users own and the API makes, shows and changes.

    model: its viewset is found in the router.
    fields: `fields(word, another)` is what a POST needs, by the names of the model and the API alike, with `word` in
        the texts; `another(Task)` is a task of the same owner, for what can't be without one. Texts that may be blank
        belong here too: a guard looks whether what is in them leaks.
    create: makes one in the database, where it is not `Model.objects.create()`.
    actions: those that need more than any object and no body, by the last part of their path.
    """

    model: type[Model]
    fields: Callable[[str, Another], dict[str, Any]]
    create: Callable[[User, dict[str, Any]], Model] | None = None
    actions: dict[str, Action] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def text(self) -> str:
        """The first of its texts: a change is a change of this."""
        return next(name for name, value in self.fields("word", lambda model: "").items() if "word" in str(value))

    @property
    def needs(self) -> list[type[Model]]:
        """What it can't be without."""
        found: list[type[Model]] = []

        def another(model: type[Model]) -> str:
            found.append(model)
            return ""

        self.fields("word", another)
        return found

    @property
    def is_revised(self) -> bool:
        """Whether its changes are counted, and synced."""
        return issubclass(self.model, RevisedModel)

    @property
    def has_trash(self) -> bool:
        return any(each.name == "deleted_at" for each in self.model._meta.fields)

    @property
    def is_in_admin(self) -> bool:
        return admin.site.is_registered(self.model)

    def body(self, word: str, another: Another) -> dict[str, Any]:
        """For a POST; `another` answers with ids."""
        return self.fields(word, another)

    def columns(self, owner: User, word: str) -> dict[str, Any]:
        """What Django's own ways to make a row need, which know the columns of its table only."""
        names = {each.name for each in self.model._meta.concrete_fields}
        fields = self.fields(word, lambda model: make(model, owner))
        return {name: value for name, value in fields.items() if name in names}


def hook_with_a_delivery(owner: User, fields: dict[str, Any]) -> Hook:
    hook = Hook.objects.create(owner=owner, **fields)
    event = {"type": "task.created", "object_id": uuid7(), "revision": 1, "occurred_at": timezone.now()}
    Delivery.objects.create(owner=owner, hook=hook, error="timeout", **event)
    return hook


RESOURCES: dict[type[Model], Resource] = {
    each.model: each
    for each in [
        Resource(
            Task,
            lambda word, another: {"title": word, "description": word, "tags": [word]},
            actions={
                "skip": Action({"due_date": date(2030, 1, 31), "recurrence": "FREQ=MONTHLY"}),
                "bulk": Action(body=lambda task: {"action": "complete", "ids": [str(task.pk)]}),
            },
        ),
        Resource(Project, lambda word, another: {"name": f"{word} {uuid7()}"}),
        Resource(Tag, lambda word, another: {"name": f"{word} {uuid7().hex}"}),
        Resource(
            ApiToken,
            lambda word, another: {"name": word},
            create=lambda owner, fields: ApiToken.issue(owner, **fields)[0],
        ),
        Resource(
            Feed,
            lambda word, another: {"name": word, "tag": word},
            create=lambda owner, fields: Feed.issue(owner, **fields)[0],
        ),
        # By number, so that no name is looked up.
        Resource(Hook, lambda word, another: {"url": f"https://9.9.9.9/{word}"}, create=hook_with_a_delivery),
    ]
}
# Counted, but not in the API: `dav/tests/` has their tests.
WITHOUT_CALLS = {OtherObject}
REVISED = [each.model for each in RESOURCES.values() if each.is_revised]
WITH_TRASH = [each.model for each in RESOURCES.values() if each.has_trash]


def make(model: type[Model], owner: User, word: str = "canary", action: str = "") -> Any:
    """One in the database, with `word` in its texts, that `action` can be done with."""
    resource = RESOURCES[model]
    fields = resource.fields(word, lambda needed: make(needed, owner, word))
    fields |= resource.actions.get(action, Action()).fields
    if resource.create:
        return resource.create(owner, fields)
    return model._default_manager.create(owner=owner, **fields)


def reference_models() -> dict[str, type[Model]]:
    """The names by which resources refer to each other, with the models that are meant."""
    keys = [
        key
        for model in RESOURCES
        for key in model._meta.concrete_fields
        if isinstance(key, ForeignKey) and key.editable and key.related_model in RESOURCES
    ]
    return {key.name: key.related_model for key in keys}
