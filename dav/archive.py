"""What calendar clients stored, in the archive of an account."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from dav.archived_values import Unfit, body_in, name_in, properties_in, text_in
from dav.lists import INBOX
from dav.models import MAX_COLOR, MAX_NAME, Collection, OtherObject, Resource
from todos.fitting import MAX_PROJECT
from transfer.extensions import ArchivePart
from transfer.importer import Importer
from transfer.parts import BATCH
from transfer.records import SHOWN_LENGTH, Contents, chunks
from transfer.rows import insert_rows
from transfer.sources.fields import Members

MAX_COMPONENTS, MAX_COMPONENT = 10, 40
OTHERS = ("VEVENT", "VJOURNAL")
MAX_SORT_ORDER = 10**15


@dataclass(slots=True)
class Record:
    item: str  # what it is called in a report
    key: str  # of the project or task that it is about
    values: dict[str, Any]  # of the columns


class CalendarPart(ArchivePart):
    model: type[Any]
    columns: tuple[str, ...]
    about: str  # the column that refers to a project or a task

    def rows(self, owner):
        return self.model.objects.owned_by(owner).values("id", self.about, *self.columns)

    def read(self, members: Members, contents: Contents) -> None:
        name = members.text("name")
        item = f"{members.where}: {name[:SHOWN_LENGTH]}"
        try:
            record = Record(item, members.id(self.about), self.values_of(members))
        except Unfit as error:
            contents.lose(item, error.name, str(error))
            return
        members.lose_others(contents, item, {"id", self.about, *self.columns})
        contents.others[self.name].append(record)

    def values_of(self, members: Members) -> dict[str, Any]:
        """The columns. Raises Unfit."""
        raise NotImplementedError


class ListsPart(CalendarPart):
    """Names, colors and properties of lists, of the inbox, and of the home of all lists."""

    name, model, about = "calendar_lists", Collection, "project"
    columns = ("name", "display_name", "named_as", "color", "components", "properties")

    def values_of(self, members: Members) -> dict[str, Any]:
        is_project = bool(members.id("project"))
        name = name_in(members) if is_project else members.text("name")
        if (name in (INBOX, "")) == is_project:
            raise Unfit("name", "The inbox alone has this name.")
        return {
            "name": name,
            "display_name": text_in(members, "display_name", MAX_NAME),
            "named_as": text_in(members, "named_as", MAX_PROJECT),
            "color": text_in(members, "color", MAX_COLOR),
            "components": [each for each in members.texts("components") if each in ("VTODO", *OTHERS)][:MAX_COMPONENTS],
            "properties": properties_in(members),
        }

    def write(self, importer: Importer) -> None:
        there = list(Collection.objects.filter(owner_id=importer.owner.pk))
        taken = {row.name: row for row in there} | {row.project_id: row for row in there if row.project_id}
        fresh: list[Collection] = []
        for record in importer.contents.others[self.name]:
            project = importer.projects.get(record.key)
            if record.key and project is None:
                importer.contents.lose(record.item, "project", "The file has no such project.")
                continue
            other = taken.get(project or record.values["name"]) or taken.get(record.values["name"])
            if other and other.project_id == project and is_same(other, record):
                continue
            if other or (record.key and record.key not in importer.made["project"]):
                importer.contents.lose(record.item, "", "This account has such a list, which stays as it is.")
                continue
            row = Collection(owner_id=importer.owner.pk, project_id=project, **record.values, created_at=importer.now)
            taken[row.name] = taken[project or row.name] = row
            fresh.append(row)
        insert_rows(Collection, fresh)
        importer.current.record(Collection, "created", [row.pk for row in fresh])


def is_same(row: Model, record: Record) -> bool:
    return all(getattr(row, name) == value for name, value in record.values.items())


class ObjectsPart(CalendarPart):
    """The base of what has a name and a UID that are once in a list."""

    def taken(self, importer: Importer, records: list[Record]) -> set[tuple]:
        """Of these names and UIDs, those that are in lists already, each with the list."""
        found: set[tuple] = set()
        owner = importer.owner.pk
        tasks = Resource.objects.filter(owner_id=owner, task__deleted_at=None)
        others = OtherObject.objects.present().filter(owner_id=owner)
        for batch in chunks(records, BATCH):
            for column in ("name", "uid"):
                values = {f"{column}__in": [record.values[column] for record in batch]}
                for rows, project in ((tasks, "task__project_id"), (others, "project_id")):
                    pairs = rows.filter(**values).values_list(project, column)
                    found |= {(project_id, column, value) for project_id, value in pairs}
        return found

    def once(
        self, importer: Importer, records: list[Record], project_of: Callable[[Record], UUID | None]
    ) -> Iterator[Record]:
        """Those of the records whose name and UID nothing else has in their list."""
        taken = self.taken(importer, records)
        for record in records:
            project = project_of(record)
            keys = {(project, name, record.values[name]) for name in ("name", "uid")}
            if keys & taken:
                importer.contents.lose(record.item, "name", "Another object of the list has this name or this UID.")
                continue
            taken |= keys
            yield record


class TasksPart(ObjectsPart):
    """The texts of tasks. An import gives them to the tasks that it makes: others have their own."""

    name, model, about = "calendar_tasks", Resource, "task"
    columns = ("name", "uid", "parent_uid", "sort_order", "body")

    def values_of(self, members: Members) -> dict[str, Any]:
        uid = text_in(members, "uid", MAX_NAME)
        order = members.number("sort_order", -MAX_SORT_ORDER, MAX_SORT_ORDER)
        return {
            "name": name_in(members),
            "uid": uid,
            "parent_uid": text_in(members, "parent_uid", MAX_NAME),
            "sort_order": order if order is None else int(order),
            "body": members.text("body") and body_in(members, "VTODO", uid),  # a task that was only renamed has none
        }

    def write(self, importer: Importer) -> None:
        made, records = importer.made["task"], {}
        for record in importer.contents.others[self.name]:
            if record.key not in importer.tasks or record.key in records:
                importer.contents.lose(record.item, "task", "The file has no such task, or another text of it.")
            elif record.key in made:
                records[record.key] = record
        in_trash = [record for key, record in records.items() if importer.contents.tasks[key].deleted_at]
        present = [record for key, record in records.items() if not importer.contents.tasks[key].deleted_at]
        self.insert(importer, in_trash)
        self.insert(importer, self.once(importer, present, lambda record: importer.levels[record.key][1]))

    def insert(self, importer: Importer, records: Iterable[Record]) -> None:
        ids, owner = importer.made["task"], importer.owner.pk
        for batch in chunks(list(records), BATCH):
            insert_rows(
                Resource,
                [
                    Resource(owner_id=owner, task_id=ids[each.key], created_at=importer.now, **each.values)
                    for each in batch
                ],
            )


class OthersPart(ObjectsPart):
    """Events and journal entries."""

    name, model, about = "calendar_others", OtherObject, "project"
    columns = ("name", "uid", "component", "body", "created_at", "updated_at", "deleted_at")

    def values_of(self, members: Members) -> dict[str, Any]:
        uid = text_in(members, "uid", MAX_NAME)
        component = text_in(members, "component", MAX_COMPONENT)
        body = body_in(members, component if component in OTHERS else "", uid)
        moments = {name: members.moment(name) for name in ("created_at", "updated_at", "deleted_at")}
        return {"name": name_in(members), "uid": uid, "component": component, "body": body, **moments}

    def write(self, importer: Importer) -> None:
        in_trash: list[Record] = []
        present: list[Record] = []
        for record in importer.contents.others[self.name]:
            if self.has_no_list(importer, record):
                importer.contents.lose(record.item, "project", "This list isn't there, or it is in the trash.")
            elif not self.is_there(importer, record):
                (in_trash if record.values["deleted_at"] else present).append(record)
        kept = [*in_trash, *self.once(importer, present, lambda record: importer.projects.get(record.key))]
        for batch in chunks(kept, BATCH):
            importer.insert(OtherObject, [self.row(importer, record) for record in batch])

    @staticmethod
    def has_no_list(importer: Importer, record: Record) -> bool:
        if not record.key:
            return False
        project = importer.contents.projects.get(record.key)
        return project is None or bool(
            (project.deleted_at or record.key in importer.gone) and not record.values["deleted_at"]
        )

    def is_there(self, importer: Importer, record: Record) -> bool:
        """Whether an import made it before, or it is from this account."""
        same = {name: record.values[name] for name in ("name", "body", "deleted_at")}
        return OtherObject.objects.filter(
            owner_id=importer.owner.pk, project=importer.projects.get(record.key), **same
        ).exists()

    def row(self, importer: Importer, record: Record) -> OtherObject:
        values = record.values | {name: record.values[name] or importer.now for name in ("created_at", "updated_at")}
        return OtherObject(owner_id=importer.owner.pk, project_id=importer.projects.get(record.key), **values)


PARTS = [ListsPart(), TasksPart(), OthersPart()]
