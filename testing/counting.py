"""The rows of an owner with their revisions, to compare before and after a write."""

from testing.resources import REVISED
from users.models import User


def all_rows(owner: User) -> dict:
    """The owner's rows without their revisions, and the revisions."""
    found = {}
    for model in REVISED:
        for row in model.objects.filter(owner_id=owner.pk).values():
            stamp = row.pop("revision")
            row.pop("updated_at")
            found[model, row["id"]] = ({**row, "tags": tags_of(model, row["id"])}, stamp)
    return found


def tags_of(model: type, pk) -> list[str]:
    """A change of a task's tags is a change of the task, though not of its row."""
    if not hasattr(model, "tag_links"):
        return []
    return sorted(link.tag.name for link in model.objects.get(pk=pk).tag_links.all())


def revision_of(owner: User) -> int:
    return User.objects.values_list("revision", flat=True).get(pk=owner.pk)
