"""What is done to many tasks at once; one task is the shortest list."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.http import Http404
from django.utils import timezone

from api.text import fold
from ownership.revised import revision_transaction, revision_transactions
from todos.models.errors import about, invalid
from todos.models.occurrences import make_next_occurrences, take_back_next_occurrences
from todos.models.position import PositionQuerySet
from todos.models.tag import Tag, TagNames, TaskTag
from todos.models.tree import ABOVE, BELOW, attach_parents, related, update_descendants

if TYPE_CHECKING:
    from todos.models.task import Task


def is_overdue(now: datetime) -> Q:
    earlier_today = Q(due_date=now.date(), due_time__lt=now.time())
    return Q(completed_at=None) & (Q(due_date__lt=now.date()) | earlier_today)


class TaskQuerySet(PositionQuerySet):
    VERBS: ClassVar = {
        "complete": "complete_all",
        "reopen": "reopen_all",
        "delete": "trash_all",
        "restore": "restore_all",
    }

    def open(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def overdue(self, now: datetime) -> Self:
        """Open, and due before `now`, a moment in the owner's time zone."""
        return self.filter(is_overdue(now))

    def containing(self, folded: str) -> Self:
        """With this folded text in the title or the description."""
        return self.filter(Q(title_folded__contains=folded) | Q(description_folded__contains=folded))

    def due(self, when: str, now: datetime) -> Self:
        """Due `overdue`, `today`, `upcoming` or `none` (not at all), seen from `now` in the owner's time zone."""
        match when:
            case "overdue":
                return self.overdue(now)
            case "today":
                return self.filter(due_date=now.date())
            case "upcoming":
                return self.filter(due_date__gt=now.date())
        return self.filter(due_date=None)

    def tagged(self, tags: Iterable) -> Self:
        """With all of these tags, named by their ids.

        By ids, and not by names, since Postgres knows of an id how common it is. By that it chooses between starting
        from what bears a rare tag and probing one task after the other for a common one. The owner is said of the links
        as well: it can't know how common the one is that row-level security compares with.
        """
        first, *others = tags
        tasks = self.filter(tag_links__tag=first, tag_links__owner=F("owner"))  # joined: its order may be asked for
        for tag in others:
            tasks = tasks.filter(Exists(TaskTag.objects.filter(owner=OuterRef("owner"), task=OuterRef("pk"), tag=tag)))
        return tasks

    def trashed_alone(self) -> Self:
        """Of what is in the trash, what didn't go there along with its project: that comes back, or goes, with it."""
        return self.exclude(project__deleted_at=F("deleted_at"))

    def summary(self, now: datetime) -> list[dict]:
        """How many tasks there are of each project and priority: a row each, from one query."""
        return list(
            self.order_by()
            .values("project", "priority")
            .annotate(
                open=Count("pk", filter=Q(completed_at=None)),
                completed=Count("pk", filter=Q(completed_at__isnull=False)),
                overdue=Count("pk", filter=is_overdue(now)),
                due_today=Count("pk", filter=Q(completed_at=None, due_date=now.date())),
            )
        )

    def with_family(self) -> Self:
        """With `tag_names` and `has_subtasks`, so that one query says all that a change of the task needs."""
        subtasks = self.model.objects.filter(owner=OuterRef("owner"), parent=OuterRef("pk"))
        return self.annotate(tag_names=TagNames(), has_subtasks=Exists(subtasks))

    def below(self, tasks: Iterable["Task"]) -> "TaskQuerySet":
        """The tasks at any depth below these."""
        return self.filter(pk__in=related(BELOW, [task.pk for task in tasks if task.may_have_subtasks]))

    def above(self, tasks: Iterable["Task"]) -> "TaskQuerySet":
        return self.filter(pk__in=related(ABOVE, [task.pk for task in tasks if task.parent_id]))

    def touch_dependents(self, ids: Sequence[UUID], fields: Collection[str]) -> None:
        """The links to the tags know when their tasks were made."""
        if "created_at" in fields:
            made = self.model.objects.filter(pk=OuterRef("task")).values("created_at")
            TaskTag.objects.filter(task__in=ids).update(created_at=Subquery(made))

    def bulk_create(self, objs, *args, **kwargs):
        tasks = list(objs)
        for task in tasks:
            task.check_rules()
            task.tag_names = []
        owners = {task.owner_id for task in tasks}
        with revision_transactions(owners):  # one for the tasks and the new tags among theirs
            for owner_id in owners:
                done = [task for task in tasks if task.completed_at and task.recurrence and task.owner_id == owner_id]
                make_next_occurrences([task for task in done if task.makes_next_occurrence])
            super().bulk_create(tasks, *args, **kwargs)
            for owner_id in owners:
                self._save_tags([task for task in tasks if task.owner_id == owner_id])
        return tasks

    def save_all(self, objs, event: str = "updated", only: Iterable[str] | None = None) -> int:
        tasks = list(objs)
        dirty = [task for task in tasks if task.changed()]
        if not dirty:
            return 0
        for task in dirty:
            with about(task):
                task.check_rules()
        if only is not None:
            only = {*only, *self.model.FOLLOWING}
        with revision_transaction(dirty[0].owner_id):
            carried = update_descendants([task for task in dirty if task.is_moved], tasks)
            changed = super().save_all([*tasks, *carried], event, only)
            self._save_tags(dirty)
        return changed

    def _save_tags(self, tasks: Sequence["Task"]) -> None:
        """Write the tags that were set on these tasks of one owner."""
        tasks = [task for task in tasks if task.new_tags or (task.new_tags is not None and task.tags_in_database)]
        if not tasks:
            return
        owner_id = tasks[0].owner_id
        tags = Tag.objects.named(owner_id, [name for task in tasks for name in task.new_tags or []])
        if tagged := [task.pk for task in tasks if task.tags_in_database]:
            TaskTag.objects.filter(task__in=tagged).delete()
        links = []
        for task in tasks:
            chosen = {tag.pk: tag for tag in (tags[fold(name)] for name in task.new_tags or [])}.values()
            links += [TaskTag(owner_id=owner_id, task=task, tag=tag, created_at=task.created_at) for tag in chosen]
            task.tag_names = [tag.name for tag in sorted(chosen, key=lambda tag: tag.name_folded)]
            task.new_tags = None
        TaskTag.objects.bulk_create(links)

    def complete_all(self, tasks: Iterable["Task"]) -> None:
        """Complete these tasks of one owner, and what is open below them; recurring ones get their next occurrence."""
        fresh = [task for task in tasks if task.completed_at is None]
        if not fresh:
            return
        known = {task.pk for task in fresh}
        now = timezone.now()
        with revision_transaction(fresh[0].owner_id):
            parents = [task for task in fresh if task.may_have_subtasks]
            below = list(self.model.objects.present().below(parents).open()) if parents else []
            everything = [*fresh, *(task for task in below if task.pk not in known)]
            for task in everything:
                task.completed_at = now
            # What is completed with its parent ends there: an open occurrence would hang under a completed task.
            ended = {task.pk for task in below}
            make_next_occurrences([task for task in fresh if task.pk not in ended and task.makes_next_occurrence])
            self.save_all(everything, event="completed")

    def reopen_all(self, tasks: Iterable["Task"]) -> None:
        """Reopen these tasks of one owner and those above them; takes back next occurrences that nobody touched."""
        fresh = [task for task in tasks if task.completed_at is not None]
        if not fresh:
            return
        known = {task.pk for task in fresh}
        with revision_transaction(fresh[0].owner_id):
            children = [task for task in fresh if task.parent_id]
            above = self.model.objects.above(children).completed() if children else []
            everything = [*fresh, *(task for task in above if task.pk not in known)]
            for task in everything:
                task.completed_at = None
            take_back_next_occurrences([task for task in everything if task.next_occurrence])
            self.save_all(everything, event="reopened")

    def settle(self, tasks: Iterable["Task"]) -> None:
        """Complete and reopen those of these tasks for which `completed` was set."""
        tasks = list(tasks)
        self.complete_all([task for task in tasks if task.wanted is True])
        self.reopen_all([task for task in tasks if task.wanted is False])
        for task in tasks:
            task.wanted = None

    def do_all(self, action: str, ids: Sequence[UUID], values: dict) -> list["Task"]:
        """Do one of the bulk actions on those of these tasks that have the ids, in their order; all or none.

        `values`: what to set, for `update` and `move`. Raises Http404 when one id is none of these tasks' (in the
        trash for `restore`, out of it for all others), ValidationError with the index of the id for a bad value.
        """
        rows = self.in_trash() if action == "restore" else self.present()
        found = rows.select_related("project", "parent__project").in_bulk(set(ids))
        if not found.keys() >= set(ids):
            raise Http404
        tasks = [found[pk] for pk in dict.fromkeys(ids)]
        attach_parents(tasks)
        try:
            if action in ("update", "move"):
                getattr(self, f"{action}_all")(tasks, values)
            else:
                getattr(self, self.VERBS[action])(tasks)
        except ValidationError as error:
            culprit = getattr(error, "about", None)
            if culprit is None or culprit not in tasks:
                raise
            index = ids.index(culprit.pk)
            raise ValidationError({f"ids.{index}.{name}": each for name, each in error.error_dict.items()}) from None
        return tasks

    def do_each(self, action: str) -> int:
        """Complete, reopen, delete or restore all of these tasks, as they are under the lock of their owners."""
        done = 0
        with revision_transactions(self.owner_ids()) as writes:
            for owner_id in writes:
                tasks = list(self.filter(owner_id=owner_id).with_family())
                getattr(self, self.VERBS[action])(tasks)
                done += len(tasks)
        return done

    def delete(self) -> tuple[int, dict[str, int]]:
        moved = self.present().do_each("delete")
        return moved, {self.model._meta.label: moved}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def update_all(self, tasks: Sequence["Task"], values: dict) -> None:
        for task in tasks:
            for name, value in values.items():
                setattr(task, name, value)
        self.save_all(tasks)
        self.settle(tasks)

    def move_all(self, tasks: Sequence["Task"], place: dict) -> None:
        """Put these tasks of one owner elsewhere, in their order; `place` has any of project, parent, before, after."""
        together = {task.pk for task in tasks}
        for task in tasks:
            for name in {"project", "parent"} & place.keys():
                setattr(task, name, place[name])
            if "parent" not in place and "project_id" in task.changed() and task.parent_id not in together:
                task.parent = None  # out of its parent, into the project
            task.position = None
        for task in tasks:
            with about(task):
                task.check_rules()
        for side in {"before", "after"} & place.keys():
            sibling = place[side]
            if sibling in tasks or any(task.place != sibling.place for task in tasks):
                raise invalid(side, "This is no sibling there.", "not_a_sibling")
            sibling.siblings().place(tasks, **{side: sibling})
        self.save_all(tasks)

    def trash_all(self, tasks: Iterable["Task"]) -> int:
        """Move these tasks of one owner to the trash, with all below them. Returns how many were moved."""
        tasks = [task for task in tasks if task.deleted_at is None]
        known = {task.pk for task in tasks}
        parents = [task for task in tasks if task.may_have_subtasks]
        found = self.model.objects.present().below(parents) if parents else []
        below = [task for task in found if task.pk not in known]
        now = timezone.now()
        for task in [*tasks, *below]:
            task.deleted_at = now
        return self.save_all([*tasks, *below], event="deleted")

    def restore_all(self, tasks: Iterable["Task"]) -> None:
        """Bring these tasks of one owner back from the trash, with what went there along with them.

        What can't come back to its old place, because the place is away or completed, comes back on top.
        """
        back = {task.pk: task for task in tasks if task.deleted_at is not None}
        moments = {pk: task.deleted_at for pk, task in back.items()}
        below = self.model.objects.in_trash().below(back.values()).select_related("project")
        for task in below.order_by("level"):
            if moments.get(task.parent_id) == task.deleted_at:  # it went along
                moments[task.pk] = task.deleted_at
                back.setdefault(task.pk, task)
        everything = sorted(back.values(), key=lambda task: task.level)
        attach_parents(everything)
        for task in everything:
            task.deleted_at = None
            task.restore_location()
        self.save_all(everything, event="restored")
