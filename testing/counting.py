"""Checks whether the changed rows have their owner's next revision."""

from django.apps import apps

from ownership.revised import RevisedModel
from todos.models import Task
from users.models import User

MODELS = [model for model in apps.get_models() if issubclass(model, RevisedModel)]


def name_of(model: type) -> str:
    """The field with the object's name."""
    return "title" if model is Task else "name"


def all_rows(owner: User) -> dict:
    """The owner's rows without their revisions, and the revisions."""
    found = {}
    for model in MODELS:
        for row in model.objects.filter(owner_id=owner.pk).values():
            links = (
                sorted(link.tag.name for link in model.objects.get(pk=row["id"]).tag_links.all())
                if model is Task
                else []
            )
            stamp = row.pop("revision")
            row.pop("updated_at")
            found[model, row["id"]] = ({**row, "tags": links}, stamp)
    return found


def revision_of(owner: User) -> int:
    return User.objects.values_list("revision", flat=True).get(pk=owner.pk)
