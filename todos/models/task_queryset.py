"""Queries of tasks, and changes to many tasks at once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from api.text import fold
from ownership.owned import queryset_only
from ownership.revised import case_of
from ownership.transactions import revision_transactions
from todos.actions import bulk, completion, reminders, trash, tree
from todos.actions.reminders import REMINDED_BY
from todos.actions.tree import ABOVE, BELOW, related
from todos.extensions import EXTENSIONS
from todos.models.position import PositionQuerySet
from todos.models.tag import Tag, TagNames, TaskTag

if TYPE_CHECKING:
    from todos.models.task import Task


def is_overdue(now: datetime) -> Q:
    earlier_today = Q(due_date=now.date(), due_time__lt=now.time())
    return Q(completed_at=None) & (Q(due_date__lt=now.date()) | earlier_today)


class TaskQuerySet(PositionQuerySet):
    def open(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def overdue(self, now: datetime) -> Self:
        """Open and due before `now`, which is in the owner's time zone."""
        return self.filter(is_overdue(now))

    def containing(self, words: Iterable) -> Self:
        """With all of these folded words in the title or the description."""
        return self.filter(*(Q(search_text__contains=word) for word in words))

    def due(self, when: str, now: datetime) -> Self:
        """Due `overdue`, `today`, `upcoming` or `none` (without a due date), for `now` in the owner's time zone."""
        match when:
            case "overdue":
                return self.overdue(now)
            case "today":
                return self.filter(due_date=now.date())
            case "upcoming":
                return self.filter(due_date__gt=now.date())
        return self.filter(due_date=None)

    def tagged(self, tags: Iterable) -> Self:
        """With all of these tags, given by their ids.

        By id and not by name, because Postgres has statistics on how common each id is. For a rare tag, it starts from
        the links; for a common one, it probes one task after the other. The links are filtered by owner as well, since
        it has no statistics for the owner in the policy of row-level security.
        """
        first, *others = tags
        tasks = self.filter(tag_links__tag=first, tag_links__owner=F("owner"))  # a join, since the order may use it
        for tag in others:
            tasks = tasks.filter(Exists(TaskTag.objects.filter(owner=OuterRef("owner"), task=OuterRef("pk"), tag=tag)))
        return tasks

    def tagged_any(self, tags: Iterable) -> Self:
        """With at least one of these tags, named by their ids."""
        return self.filter(Exists(self.links(tags)))

    def tagged_none(self, tags: Iterable) -> Self:
        return self.filter(~Exists(self.links(tags)))

    @staticmethod
    def links(tags: Iterable) -> QuerySet:
        return TaskTag.objects.filter(owner=OuterRef("owner"), task=OuterRef("pk"), tag__pk__in=tags)

    def trashed_alone(self) -> Self:
        """Tasks in the trash that weren't deleted together with their project. The others follow their project."""
        return self.in_trash().exclude(project__deleted_at=F("deleted_at"))

    def summary(self, now: datetime) -> list[dict]:
        """Counts of tasks, in one row for each project and priority."""
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
        """With `tag_names` and `has_subtasks`, which saves queries when a task is changed."""
        subtasks = self.model.objects.filter(owner=OuterRef("owner"), parent=OuterRef("pk"))
        return self.annotate(tag_names=TagNames(), has_subtasks=Exists(subtasks))

    def below(self, tasks: Iterable["Task"]) -> "TaskQuerySet":
        """The tasks at any depth below these."""
        return self.filter(pk__in=related(BELOW, [task.pk for task in tasks if task.may_have_subtasks]))

    def above(self, tasks: Iterable["Task"]) -> "TaskQuerySet":
        return self.filter(pk__in=related(ABOVE, [task.pk for task in tasks if task.parent_id]))

    def family_of(self, ids: Collection) -> Self:
        """The tasks with these ids, and those at any depth above and below them."""
        above, below = (Q(pk__in=related(sql, list(ids))) for sql in (ABOVE, BELOW))
        return self.filter(Q(pk__in=ids) | above | below)

    def tied_with(self, row) -> Self:
        """Without the occurrences that it follows. They have its position, and what is moved beside it passes them."""
        return super().tied_with(row).exclude(series=row.series, completed_at__isnull=False)

    def misplaced(self) -> Self:
        """Present tasks that contradict their parent or project. There are none, unless a write goes past the rules."""
        same_project = Q(project=F("parent__project")) | Q(project=None, parent__project=None)
        fits_parent = same_project & Q(level=F("parent__level") + 1, parent__deleted_at=None)
        fits_completion = Q(parent__completed_at=None) | ~Q(completed_at=None)
        fits = Q(parent=None, level=1) | (fits_parent & fits_completion)
        return self.present().exclude(fits & Q(project__deleted_at=None))

    def before_update(self, ids: Sequence[UUID], fields: Collection[str]) -> None:
        if not {"project", "project_id"}.isdisjoint(fields):
            for extension in EXTENSIONS:
                extension.leaving_project(ids)

    def folded(self, ids: Sequence[UUID], values: dict) -> dict:
        """With the next reminder, where it follows from one of these new values."""
        copies = super().folded(ids, values)
        if REMINDED_BY.isdisjoint(values):
            return copies
        if values.get("deleted_at") or values.get("completed_at"):
            return {**copies, "remind_at": None}
        tasks: list[Any] = list(QuerySet(self.model).filter(pk__in=ids).exclude(reminders=[]))
        for task in tasks:
            vars(task).update(values)
            reminders.work_out(task)
        return {**copies, "remind_at": case_of(tasks, self.model._meta.get_field("remind_at")) if tasks else None}

    def remind_anew(self) -> None:
        """Work out the next reminders of these tasks, after a change of time zone. That is no counted write."""
        tasks: list[Any] = list(self.open().present().exclude(reminders=[]))
        for task in tasks:
            reminders.work_out(task)
        QuerySet(self.model).bulk_update(tasks, ["remind_at"], batch_size=500)

    def touch_dependents(self, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
        """The links to the tags have a copy of `created_at`."""
        if not {"project", "project_id"}.isdisjoint(values):
            for extension in EXTENSIONS:
                extension.entered_project(ids)
        if "deleted_at" in values and not isinstance(values["deleted_at"], datetime):  # None, or for some of them
            restored = list(self.model.objects.present().filter(pk__in=ids).values_list("pk", flat=True))
            for extension in EXTENSIONS if restored else ():
                extension.restored(restored)
        if "created_at" in values and self.filter(pk__in=ids, tag_links__isnull=False).exists():
            made = self.model.objects.filter(pk=OuterRef("task")).values("created_at")
            TaskTag.objects.filter(task__in=ids).update(created_at=Subquery(made))

    # Many at once

    def touch(self) -> int:
        """Stamp all rows, for a change that shows in them but isn't theirs: what nobody touched stays untouched."""
        touched = 0
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id, current in transactions.items():
                untouched = When(automatic_revision=F("revision"), then=Value(current.revision))
                kept = Case(untouched, default=F("automatic_revision"), output_field=BigIntegerField())
                touched += self.filter(owner_id=owner_id).update(automatic_revision=kept)
        return touched

    def complete(self) -> int:
        return self.run_each(bulk.complete)

    def reopen(self) -> int:
        return self.run_each(bulk.reopen)

    def restore(self) -> int:
        return self.in_trash().run_each(bulk.restore)

    @queryset_only
    def delete(self) -> tuple[int, dict[str, int]]:
        """Move to the trash."""
        moved = self.present().run_each(bulk.trash)
        return moved, {self.model._meta.label: moved}

    def run_each(self, action: Callable[[list["Task"]], None]) -> int:
        """Read these tasks under the lock of their owners, and run the action on them. Return how many there were."""
        done = 0
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id in transactions:
                tasks = list(self.filter(owner_id=owner_id).with_family().select_related(*bulk.READ))
                action(tasks)
                done += len(tasks)
        return done

    def consequences(self, objs: Sequence["Task"]) -> list["Task"]:
        """Raises ValidationError for an invalid location."""
        if not any(task.loaded_values or task.completed_at for task in objs):
            return []  # they are new and open
        others: list[Task] = []
        for follow in (trash.follow, completion.follow, tree.follow):
            others += follow([*objs, *others])
        return others

    def save_related(self, objs: Sequence["Task"]) -> None:
        """Write the tags that were set."""
        tasks = [task for task in objs if task.new_tags or (task.new_tags is not None and task.tags_in_database)]
        if tasks:
            save_tags(tasks)


def save_tags(tasks: Sequence["Task"]) -> None:
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
