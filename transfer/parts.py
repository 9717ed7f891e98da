"""The parts of the archive: a model each, how its rows are written there, read, and inserted again."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import BooleanField, Case, F, ForeignKey, Model, Q, QuerySet, Value, When

from ownership.revised import RevisedModel
from todos.models import Project, Tag, Task
from todos.models.position import PositionModel
from todos.models.tag import TagNames
from todos.models.trash import TrashModel
from todos.reminders import MAX_MINUTES_BEFORE, reminder_at
from transfer.columns import columns, read_columns, references
from transfer.extensions import ARCHIVE_PARTS, ArchivePart
from transfer.files import BadFileError
from transfer.records import Contents, ProjectRecord, Record, TagRecord, TaskRecord, chunks
from transfer.sources.fields import Members

if TYPE_CHECKING:
    from transfer.importer import Importer

BATCH = 500  # rows in memory as objects at once, and values of one query
GROUPS = 2**62  # of what was completed together
UNTOUCHED = Case(
    When(Q(automatic_revision=F("revision")), then=Value(True)), default=Value(False), output_field=BooleanField()
)


class ModelPart(ArchivePart):
    """Rows of any revised model, by what the model says of its columns."""

    def __init__(self, model: type[RevisedModel], name: str = "", **computed):
        """computed: what rows have besides the columns."""
        self.model: Any = model
        self.name = name or model._meta.label_lower
        self.computed = computed
        self.names = {*columns(model), *computed}
        self.has_trash, self.has_position = issubclass(model, TrashModel), issubclass(model, PositionModel)

    def rows(self, owner) -> QuerySet:
        rows: QuerySet = self.model.objects.owned_by(owner)
        return rows.annotate(**self.computed).values(*sorted(self.names))

    def read(self, members: Members, contents: Contents) -> None:
        record = self.record(members, contents)
        record.created_at, record.updated_at = members.moment("created_at"), members.moment("updated_at")
        if self.has_trash:
            record.deleted_at = members.moment("deleted_at")
        if self.has_position:
            record.position = members.number("position", -1e300, 1e300)
        read_columns(self.model, members, record)
        members.lose_others(contents, record.item, self.names)
        self.add(record, contents)

    def record(self, members: Members, contents: Contents) -> Record:
        """A record with what has attributes there. Raises BadFileError."""
        return Record(members.where, key_of(members))

    def add(self, record: Any, contents: Contents) -> None:
        contents.others[self.name].append(record)

    def write(self, importer: "Importer") -> None:
        fresh = self.fresh(importer)
        importer.resolve(self.model, fresh)
        if self.has_position:
            importer.order(fresh)
        for batch in chunks(fresh, BATCH):
            importer.insert(self.model, list(self.objects(importer, batch)))
        importer.link(self.model, fresh)

    def fresh(self, importer: "Importer") -> list[Record]:
        """The records of what isn't there. Its ids follow from those of the file, so that nothing is made twice."""
        records: dict[str, Record] = {}
        for record in importer.contents.others[self.name]:
            if record.key in records:
                importer.contents.lose(record.item, "id", "Another one has the same id: this one isn't imported.")
            records.setdefault(record.key, record)
        ids = {
            key: uuid5(importer.owner.pk, f"{self.name} {key.encode(errors='surrogatepass').hex()}") for key in records
        }
        there = {row.pk for row in importer.rows(self.model, ids.values()).values()}
        own = {key: row.pk for key, row in importer.rows(self.model, records).items()}
        importer.ids[self.model] = ids | own
        return [record for key, record in records.items() if key not in own and ids[key] not in there]

    def objects(self, importer: "Importer", records: list[Record]) -> Iterator[Model]:
        """An object for each of these records that keeps the rules. The others are named as lost."""
        needed = {key.name for key in references(self.model) if not key.null}
        for record in records:
            if any(record.columns.get(name) is None for name in needed):
                continue  # what it refers to isn't there, which was named
            row = self.model(pk=importer.ids[self.model][record.key], **importer.values(self.model, record))
            try:
                row.check_rules()
            except ValidationError as error:
                for name, messages in ValidationError(error.update_error_dict({})).message_dict.items():
                    importer.contents.lose(record.item, name.removeprefix(NON_FIELD_ERRORS), " ".join(messages))
                continue
            yield row


class ProjectsPart(ModelPart):
    def record(self, members: Members, contents: Contents) -> ProjectRecord:
        return ProjectRecord(members.where, key_of(members), members.text("name"), members.text("color"))

    def add(self, record: ProjectRecord, contents: Contents) -> None:
        contents.add_project(record)

    def write(self, importer: "Importer") -> None:
        importer.make_projects()


class TagsPart(ModelPart):
    def record(self, members: Members, contents: Contents) -> TagRecord:
        return TagRecord(members.where, members.id(), members.text("name"))

    def add(self, record: TagRecord, contents: Contents) -> None:
        contents.tags.append(record)

    def write(self, importer: "Importer") -> None:
        importer.make_tags()


class TasksPart(ModelPart):
    def record(self, members: Members, contents: Contents) -> TaskRecord:
        completed_at = members.moment("completed_at")
        task = TaskRecord(
            members.where,
            key_of(members),
            members.text("title"),
            members.text("description"),
            completed_at is not None,
            completed_at,
            members.whole("priority", 0, 4),
            members.day("start_date"),
            members.clock("start_time"),
            members.day("due_date"),
            members.clock("due_time"),
            members.text("recurrence"),
            "completion" if members.text("repeat_from") == "completion" else "due",
            project=members.id("project"),
            parent=members.id("parent"),
            tags=[*members.texts("tags")],
            series=read_series(members),
        )
        for each in members.items("reminders"):
            reminder = read_reminder(each)
            task.reminders.append(reminder) if reminder else contents.lose(task.item, "reminders", f"{each!r:.100}")
        return task

    def add(self, record: TaskRecord, contents: Contents) -> None:
        contents.add_task(record)

    def write(self, importer: "Importer") -> None:
        importer.make_tasks()


def read_series(members: Members) -> dict[str, Any]:
    if members.values.get("recurrence") and members.day("series_start") is None:
        return {}  # it begins at the due date
    passed = Task._meta.get_field("series_passed").default
    return {
        "series": members.id("series"),
        "series_start": members.day("series_start"),
        "series_day": members.whole("series_day", 1, 31) if members.values.get("series_day") else None,
        "series_passed": members.whole("series_passed", 0, 100_000) or passed,
        "series_time": members.clock("series_time"),
        "occurrence_date": members.day("occurrence_date"),
        "next_occurrence": members.id("next_occurrence"),
        "carried_from": members.id("carried_from"),
        "untouched": members.flag("untouched"),
        "completed_together": members.number("completed_together", -GROUPS, GROUPS),
    }


def read_reminder(value: Any) -> dict | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    minutes = value.get("minutes_before")
    if isinstance(minutes, int) and not isinstance(minutes, bool) and 0 <= minutes <= MAX_MINUTES_BEFORE:
        return {"minutes_before": minutes}
    if isinstance(value.get("at"), str):
        try:
            moment = Members("", value).moment("at")
        except BadFileError:
            return None
        return reminder_at(moment) if moment else None
    return None


def key_of(members: Members) -> str:
    key = members.id()
    if not key:
        raise BadFileError(f"{members.where}: It has no id.")
    return key


def archive_parts() -> list[ArchivePart]:
    """All parts, each after those that its rows refer to. Revised models that no app has a part for have one, too."""
    computed = {"tags": TagNames(), "untouched": UNTOUCHED, "completed_together": F("completed_in_revision")}
    tasks = TasksPart(Task, "tasks", **computed)
    registered = [ProjectsPart(Project, "projects"), TagsPart(Tag, "tags"), tasks, *ARCHIVE_PARTS]
    parts: dict[type[Model], ArchivePart] = {part.model: part for part in registered}
    for model in apps.get_models():
        if issubclass(model, RevisedModel) and not model._meta.proxy:
            parts.setdefault(model, ModelPart(model))
    # These have a part of their own that goes by the others: a reference of theirs to a later part is lost by name.
    ordered: dict[type[Model], ArchivePart] = {model: parts[model] for model in (Project, Tag, Task)}

    def add(model: type[Model], above: tuple[type[Model], ...] = ()) -> None:
        if model in ordered:
            return
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model in parts and field.related_model not in above:
                add(field.related_model, (*above, model))
        ordered[model] = parts[model]

    for model in parts:
        add(model)
    return list(ordered.values())
