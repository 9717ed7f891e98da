"""The JSON schemas of the tools: those of the OpenAPI document, which drf-spectacular makes of the serializers."""

from functools import cache

from drf_spectacular.generators import SchemaGenerator

from todos.filters import TaskFilters

DEFAULT_RESULTS, MAX_RESULTS = 20, 50
MAX_WHOLE = 5  # with whole descriptions
# Of a task; what a developer adds is shown.
HIDDEN = {"reminders", "repeat_from", "occurrence_date", "series", "next_occurrence", "position", "created_at"}
HIDDEN |= {"updated_at", "revision"}


@cache
def document() -> dict:
    return SchemaGenerator().get_schema(public=True)["components"]


# A model reads all schemas in each conversation: what it needs not know is left out.
LONG = {"pattern", "readOnly", "writeOnly"}


def properties_of(name: str, only: tuple[str, ...] = (), without: frozenset | set = LONG) -> dict:
    found = document()["schemas"][name]["properties"]
    return {
        each: portable({key: value for key, value in found[each].items() if key not in without})
        for each in only or found
        if each in found
    }


def portable(schema: dict) -> dict:
    """With `anyOf` in place of a list of types, which models of some makers don't know."""
    if not isinstance(schema.get("type"), list):
        return schema
    outside = {name: schema[name] for name in ("description",) if name in schema}
    rest = {name: value for name, value in schema.items() if name not in outside}
    return {**outside, "anyOf": [{**rest, "type": kind} if kind != "null" else {"type": kind} for kind in rest["type"]]}


def not_null(schema: dict) -> dict:
    """Of what is left out where it is null."""
    return next((each for each in portable(schema).get("anyOf", ()) if each["type"] != "null"), schema)


def shown_task() -> dict:
    cut = {"type": "boolean", "description": "Whether the description goes on."}
    found = properties_of("Task", without=LONG | {"description"})
    properties = {name: not_null(each) for name, each in found.items() if name not in HIDDEN}
    return {
        "type": "object",
        "properties": {**properties, "description_cut": cut},
        "required": ["id", "title", "completed"],
    }


def one_task() -> dict:
    return {"properties": {"task": shown_task()}, "required": ["task"]}


def changed_task() -> dict:
    following = {"type": "object", "description": "The task that completing it has created."}
    return {"properties": {"task": shown_task(), "next_occurrence": following}, "required": ["task"]}


def many_tasks() -> dict:
    more = {"type": "string", "description": "If there are more: pass it as `cursor`."}
    tasks = {"type": "array", "items": shown_task()}
    return {"properties": {"tasks": tasks, "next_cursor": more}, "required": ["tasks"]}


def filters() -> dict:
    names = sorted(TaskFilters.filters() | {"ordering", "cursor"})
    parameters = document()["parameters"]
    found = {name: parameters[name] for name in names if name in parameters}
    schemas = {name: {"description": each.get("description", ""), **each["schema"]} for name, each in found.items()}
    schemas["ordering"] = {"type": "string", "enum": list(TaskFilters().fields["ordering"].choices)}
    most = f"{DEFAULT_RESULTS} by default; {MAX_WHOLE} at most with `whole`."
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_RESULTS, "description": most}
    whole = {"type": "boolean", "description": "True doesn't cut long descriptions."}
    return {"properties": {**schemas, "limit": limit, "whole": whole}}


def only_id() -> dict:
    return {"properties": {"id": properties_of("Task", ("id",))["id"]}, "required": ["id"]}


def changes() -> dict:
    return {"properties": only_id()["properties"] | properties_of("PatchedTaskRequest"), "required": ["id"]}


def new_tasks() -> dict:
    task = {"type": "object", "properties": properties_of("TaskRequest"), "required": ["title"]}
    tasks = {"type": "array", "minItems": 1, "maxItems": MAX_RESULTS, "items": {**task, "additionalProperties": False}}
    return {"properties": {"tasks": tasks}, "required": ["tasks"]}


def first_tasks() -> dict:
    tasks = {"type": "array", "items": {"type": "object"}, "description": "As in find_tasks; up to 20."}
    return {"total": {"type": "integer"}, "tasks": tasks}


def day() -> dict:
    part = {"type": "object", "properties": first_tasks(), "required": ["total", "tasks"]}
    names = ("overdue", "due_today", "started", "important")
    return {"properties": {"date": {"type": "string", "format": "date"}, **dict.fromkeys(names, part)}}


def projects() -> dict:
    project = {"type": "object", "properties": properties_of("Project", ("id", "name", "open_tasks"))}
    return {"properties": {"projects": {"type": "array", "items": project}, "total": {"type": "integer"}}}


def undone() -> dict:
    moved = {"type": "integer", "description": "How many tasks that it had added are in the trash now."}
    return {"properties": {"undone": {"type": "string"}, **first_tasks(), "moved_to_trash": moved}}
