"""Writes the records of a file: one revision, all or none, and nothing twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import CASCADE, Model, QuerySet
from django.utils import timezone

from api.ids import uuid7
from api.text import fold
from ownership import constraints
from ownership.changes import folded_fields
from ownership.owned import OwnedModel
from ownership.transactions import RevisionTransaction, move_revision, revision_transaction
from todos.actions import reminders, series
from todos.models import Project, Tag, Task
from todos.models.position import PositionModel
from todos.models.rules import MAX_LEVEL
from todos.models.tag import TaskTag
from todos.models.trash import TrashModel
from transfer.columns import references
from transfer.fitting import Fitting
from transfer.models import ImportedItem
from transfer.parts import BATCH, archive_parts
from transfer.records import Contents, ProjectRecord, Record, Report, TagRecord, TaskRecord, chunks, parse_uuid
from transfer.rows import insert_rows

ENDLESS = float(2**40)  # a position beyond it leaves no room for new ones

SETTINGS = ("name", "timezone", "reminders_by_email")  # of the account, in an archive


def import_contents(owner, source: str, contents: Contents, dry_run: bool = False) -> Report:
    """Import these records for the owner, and report what was created and lost. A dry run changes nothing.

    Raises ValidationError for what the rules of the models refuse.
    """
    Fitting(contents, ZoneInfo(owner.timezone)).fit()
    with revision_transaction(owner.pk) as current:
        report = Importer(owner, source, contents, current).run()
        if dry_run:
            transaction.set_rollback(True)
    return report


class Importer:
    """Runs in a revision transaction, under the lock of the owner."""

    def __init__(self, owner, source: str, contents: Contents, current: RevisionTransaction):
        self.owner, self.source, self.contents, self.current = owner, source, contents, current
        self.now = timezone.now()
        self.created = {"projects": 0, "tags": 0, "tasks": 0}
        self.unchanged = 0  # tasks that are there already
        self.projects: dict[str, UUID] = {}  # by the key of the record
        self.tasks: dict[str, UUID] = {}
        self.ids: dict[type[Model], dict[str, UUID]] = {}  # of what the archive has, by the key of the record
        self.made: dict[str, dict[str, UUID]] = {"project": {}, "task": {}}  # those that weren't there before
        self.new_series: dict[Any, UUID] = defaultdict(uuid7)  # by the series of the archive
        self.groups: dict[int, int] = {}  # of what was completed together

    def run(self) -> Report:
        self.is_empty = not any(model.objects.filter(owner_id=self.owner.pk).exists() for model in (Task, Project))
        self.take_settings()
        for part in archive_parts():
            part.write(self)
        return Report(self.created, self.unchanged, self.contents.lost)

    def take_settings(self) -> None:
        """Those of the archive, for an account without tasks: due times that are there would move."""
        values = {name: self.contents.settings[name] for name in SETTINGS if name in self.contents.settings}
        changed = {name for name, value in values.items() if getattr(self.owner, name) != value}
        if not changed:
            return
        if not self.is_empty:
            for name in sorted(changed):
                self.contents.lose("settings", name, f"This account keeps its own: {getattr(self.owner, name)!r}.")
            return
        for name in changed:
            setattr(self.owner, name, values[name])
        self.owner.save(update_fields=changed)

    # Projects

    def make_projects(self) -> None:
        records = list(self.contents.projects.values())
        self.projects = self.ids[Project] = self.known("project", [record.key for record in records])
        gone = set(Project.objects.in_trash().filter(pk__in=list(self.projects.values())).values_list("pk", flat=True))
        self.gone = {key for key, pk in self.projects.items() if pk in gone}
        names = dict(Project.objects.present().filter(owner_id=self.owner.pk).values_list("name_folded", "pk"))
        fresh: list[ProjectRecord] = []
        for record in records:
            if record.key in self.projects:
                continue
            if record.deleted_at is None and (pk := names.get(fold(record.name))):
                self.projects[record.key] = pk
                continue
            pk = self.projects[record.key] = uuid7()
            if record.deleted_at is None:
                names[fold(record.name)] = pk
            fresh.append(record)
        self.order(fresh)
        self.resolve(Project, fresh)
        for batch in chunks(fresh, BATCH):
            self.insert(Project, [self.project(record) for record in batch])
        self.link(Project, fresh)
        self.created["projects"] = len(fresh)
        self.remember("project", {record.key: self.projects[record.key] for record in fresh})

    def project(self, record: ProjectRecord) -> Project:
        pk = self.projects[record.key]
        return Project(pk=pk, name=record.name, color=record.color, **self.values(Project, record))

    # Tags

    def make_tags(self) -> None:
        """Those that tasks bear, and those that stand for themselves."""
        own = Tag.objects.filter(owner_id=self.owner.pk)
        known = dict(own.present().values_list("name_folded", "pk"))
        in_trash = {
            (folded, at): pk for folded, at, pk in own.in_trash().values_list("name_folded", "deleted_at", "pk")
        }
        ids: dict[str, Any] = self.ids.setdefault(Tag, {})
        fresh: list[Tag] = []
        made: list[TagRecord] = []
        self.resolve(Tag, self.contents.tags)
        for record in self.contents.tags:
            folded = fold(record.name)
            ids[record.key] = in_trash.get((folded, record.deleted_at)) if record.deleted_at else known.get(folded)
            if ids[record.key] is None:
                ids[record.key] = uuid7()
                fresh.append(Tag(pk=ids[record.key], name=record.name, **self.values(Tag, record)))
                made.append(record)
                if record.deleted_at is None:
                    known[folded] = ids[record.key]
        for name in (name for task in self.contents.tasks.values() for name in task.tags):
            if (folded := fold(name)) not in known:
                known[folded] = uuid7()
                moment = {"created_at": self.now, "updated_at": self.now}
                fresh.append(Tag(pk=known[folded], name=name, owner_id=self.owner.pk, **moment))
        for batch in chunks(fresh, BATCH):
            self.insert(Tag, batch)
        self.link(Tag, made)
        self.tags = known
        self.created["tags"] = len(fresh)

    # Tasks

    def make_tasks(self) -> None:
        self.tasks = self.known("task", list(self.contents.tasks))
        self.unchanged = len(self.tasks)
        fresh = [record for record in self.contents.tasks.values() if record.key not in self.tasks]
        parents = self.load_parents(fresh)
        self.tasks |= {record.key: uuid7() for record in fresh}
        self.ids[Task] = self.tasks
        self.order(fresh)
        self.resolve(Task, fresh)
        self.levels: dict[str, tuple[int, UUID | None]] = {
            key: (task.level, task.project_id) for key, task in parents.items()
        }
        for batch in chunks(fresh, BATCH):
            tasks = [self.task(record) for record in batch]
            self.insert(Task, tasks)
            self.tag(batch)
            self.remember("task", {record.key: self.tasks[record.key] for record in batch})
        self.link(Task, fresh)
        self.created["tasks"] = len(fresh)

    def load_parents(self, fresh: list[TaskRecord]) -> dict[str, Task]:
        """The tasks that are there already, and get new subtasks: those that are open."""
        wanted = {record.parent: self.tasks[record.parent] for record in fresh if record.parent in self.tasks}
        found: dict[UUID, Task] = {}
        for ids in chunks(list(wanted.values()), BATCH):
            found |= Task.objects.present().open().filter(owner_id=self.owner.pk).in_bulk(ids)
        return {key: found[pk] for key, pk in wanted.items() if pk in found}

    def task(self, record: TaskRecord) -> Task:
        parent, level, project = self.location(record)
        task = Task(
            pk=self.tasks[record.key],
            title=record.title,
            description=record.description,
            completed_at=record.completed_at,
            priority=record.priority,
            start_date=record.start_date,
            start_time=record.start_time,
            due_date=record.due_date,
            due_time=record.due_time,
            reminders=record.reminders,
            recurrence=record.recurrence,
            repeat_from=record.repeat_from,
            project_id=project,
            parent_id=parent,
            level=level,
            is_tagged=bool(record.tags),
            **self.values(Task, record),
        )
        task.owner = self.owner
        reminders.follow(task)
        self.levels[record.key] = (level, project)
        if record.series:
            self.take_series(task, record.series)
        elif task.recurrence:
            series.begin(task)
        return task

    def location(self, record: TaskRecord) -> tuple[UUID | None, int, UUID | None]:
        """The parent, the level and the project of a task."""
        project = self.projects.get(record.project)
        if record.project in self.gone and record.deleted_at is None:
            self.contents.lose(record.item, "project", "It is in the trash: the task goes into the inbox.")
            project = None
        if not record.parent:
            return None, 1, project
        if record.parent not in self.levels:  # it was imported before
            self.contents.lose(
                record.item, "parent", "It was completed or deleted since: this isn't a subtask any more."
            )
            return None, 1, project
        level, project = self.levels[record.parent]
        if level >= MAX_LEVEL:
            self.contents.lose(record.item, "parent", f"Subtasks can be nested at most {MAX_LEVEL} levels deep.")
            return None, 1, project
        return self.tasks[record.parent], level + 1, project

    def take_series(self, task: Task, values: dict) -> None:
        """The series as an archive has it. What refers to other rows of the archive is theirs here."""
        for name in ("series_start", "series_day", "series_passed", "series_time", "occurrence_date"):
            setattr(task, name, values[name])
        if old := values.get("series"):
            task.series = self.new_series[old]
        task.next_occurrence = self.tasks.get(values.get("next_occurrence") or "")
        task.carried_from = self.tasks.get(values.get("carried_from") or "")
        if values.get("untouched"):
            task.automatic_revision = self.current.revision
        if (group := values.get("completed_together")) is not None:
            # Below zero, where no revision of this account is.
            task.completed_in_revision = self.groups.setdefault(group, -len(self.groups) - 1)

    def tag(self, records: Iterable[TaskRecord]) -> None:
        links = []
        for record in records:
            for tag in {self.tags[fold(name)] for name in record.tags}:
                moment = record.created_at or self.now
                pk = self.tasks[record.key]
                links.append(TaskTag(owner_id=self.owner.pk, task_id=pk, tag_id=tag, created_at=moment))
        insert_rows(TaskTag, links)

    # What was imported before

    def known(self, kind: str, keys: list[str]) -> dict[str, UUID]:
        """The rows that these keys became in an earlier import, or that have them as their own ids."""
        digests = {ImportedItem.digest(kind, key): key for key in keys}
        items = ImportedItem.objects.filter(owner_id=self.owner.pk, source=self.source)
        found: dict[str, UUID] = {}
        for batch in chunks(list(digests), BATCH):
            for digest, pk in items.filter(key__in=batch).exclude(**{kind: None}).values_list("key", f"{kind}_id"):
                found[digests[digest]] = pk
        model: Any = Task if kind == "task" else Project
        own = {pk: key for key in keys if key not in found and (pk := parse_uuid(key))}
        for batch in chunks(list(own), BATCH):
            rows = model.objects.filter(owner_id=self.owner.pk, pk__in=batch)
            found |= {own[pk]: pk for pk in rows.values_list("pk", flat=True)}
        return found

    def remember(self, kind: str, made: dict[str, UUID]) -> None:
        self.made[kind] |= made
        items = [
            ImportedItem(
                owner_id=self.owner.pk, source=self.source, key=ImportedItem.digest(kind, key), **{f"{kind}_id": pk}
            )
            for key, pk in made.items()
        ]
        for batch in chunks(items, BATCH):
            insert_rows(ImportedItem, batch)

    # What rows refer to

    def rows(self, model: Any, keys: Iterable[Any]) -> dict[Any, Any]:
        """The rows here with these keys: those of records or, of what is in no archive or isn't read yet, their ids."""
        keys = set(keys)
        ids: dict[Any, Any] = self.ids.get(model, {})
        found: dict[Any, Any] = {}
        for batch in chunks(list(keys), BATCH):
            pks = {key: ids.get(key) or key for key in batch}
            rows = model._default_manager.all()
            if issubclass(model, OwnedModel):
                pks = {key: parse_uuid(str(pk)) for key, pk in pks.items()}
                rows = rows.filter(owner_id=self.owner.pk)
            loaded = rows.in_bulk([pk for pk in pks.values() if pk not in (None, "")])
            found |= {key: loaded[pk] for key, pk in pks.items() if pk in loaded}
        return found

    def resolve(self, model: type[Model], records: Sequence[Record], own_kind: bool = False) -> None:
        """Let these records refer to rows here. What isn't there is named as lost."""
        for key in references(model):
            if (key.related_model is model) is not own_kind:
                continue
            goes_along = key.remote_field.on_delete is CASCADE and not own_kind  # into the trash
            told = [each for each in records if each.references.get(key.name) not in (None, "") or not key.null]
            found = self.rows(key.related_model, (each.references.get(key.name, "") for each in told))
            for record in told:
                other = found.get(record.references.get(key.name, ""))
                if other is None or (goes_along and record.deleted_at is None and getattr(other, "deleted_at", None)):
                    self.contents.lose(record.item, key.name, "It isn't there, or it is in the trash.")
                    other = None
                record.columns[key.name] = other

    def link(self, model: Any, records: Sequence[Record]) -> None:
        """Let these records, which are inserted, refer to others of their kind, which are there only now."""
        self.resolve(model, records, own_kind=True)
        for key in references(model):
            if key.related_model is model:
                linked = [record for record in records if record.columns.get(key.name)]
                rows = [
                    model(pk=self.ids[model][record.key], **{key.name: record.columns[key.name]}) for record in linked
                ]
                QuerySet[Any](model).bulk_update(rows, [key.name], batch_size=BATCH)

    # Rows

    def order(self, records: list[Any]) -> None:
        """Give each record a position. In an account without tasks, the positions of an archive stay as they are."""
        for record in records:
            if record.position is not None and not abs(record.position) < ENDLESS:  # NaN isn't, either
                record.position = None
        if self.is_empty and records and all(record.position is not None for record in records):
            highest = int(max(record.position for record in records)) + 1
            if highest > self.current.revision:  # a new row's position is its revision, and has to come last
                self.current.revision, *_ = move_revision(self.owner.pk, highest - self.current.revision)
            return
        by_position = sorted(
            range(len(records)), key=lambda index: (records[index].position is None, records[index].position or 0.0)
        )
        for rank, index in enumerate(by_position):
            records[index].position = self.current.revision + rank / len(records)

    def values(self, model: type[Model], record: Record) -> dict[str, Any]:
        """The columns that all kinds of records have alike."""
        values = {"owner_id": self.owner.pk, **record.columns}
        values |= {"created_at": record.created_at or self.now, "updated_at": record.updated_at or self.now}
        if issubclass(model, TrashModel):
            values["deleted_at"] = record.deleted_at
        if issubclass(model, PositionModel):
            values["position"] = record.position
        return values

    def insert(self, model: Any, rows: list[Any]) -> None:
        """Insert the rows with all the values that they have. Raises ValidationError for what the rules refuse."""
        for row in rows:
            row.revision = self.current.revision
            for field in folded_fields(model):
                field.pre_save(row, add=True)
            constraints.check(row, row.changed_fields(), queries=False)
        insert_rows(model, rows)
        self.current.record(model, "created", [row.pk for row in rows])
