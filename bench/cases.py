"""The cases: their requests, contestants and targets."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.data import connect
from bench.servers import ASYNC, DRF, FLOOR, NINJA, OURS, SYNC, Contestant

FRAMEWORKS = (OURS, ASYNC, SYNC, NINJA, DRF)
FASTAPI = (ASYNC, SYNC)
MANY = 200
NEW = {"title": "bench @", "description": "What there is to say.", "priority": 2, "due_date": "2030-01-31"}
LINES = 20_000


@dataclass(frozen=True)
class Case:
    key: str
    title: str
    path: str  # with {task}, {project} and {tag} of the token's owner
    target: float
    method: str = "GET"
    body: str = ""
    contestants: tuple[Contestant, ...] = FRAMEWORKS
    against: tuple[Contestant, ...] = FASTAPI  # the faster of these …
    against_case: str = ""  # … in the same case, or in another one
    per_request: int = 1  # how many tasks one request makes

    @property
    def writes(self) -> bool:
        return self.method != "GET"


LIST = Case("list", "List of 50", "", 2.2, contestants=(*FRAMEWORKS, FLOOR))
CREATE = Case("create", "Create", "", 1.1, "POST", json.dumps(NEW))
RETRIEVE = Case("retrieve", "Retrieve", "{task}/", 1.8)
UNCHANGED = Case("poll", "Unchanged poll (304)", "", 4, contestants=(OURS,), against=(OURS,), against_case="list")
MEASURED = (
    LIST,
    UNCHANGED,
    RETRIEVE,
    Case("tag", "List by tag", "?tag=tag%20{tag}", 1.8),
    Case("project", "List by project", "?project={project}", 1.8),
    Case("due", "List of what is due today", "?due=today", 1.8),
    CREATE,
    Case("patch", "Change a title", "{task}/", 1.3, "PATCH", json.dumps({"title": "task @"})),
    Case("complete", "Complete", "{task}/complete/", 1.3, "POST"),
    Case(
        "many",
        f"{MANY} creates in one body",
        "",
        8,
        "POST",
        json.dumps([NEW] * MANY),
        contestants=(OURS,),
        against=(OURS,),
        against_case="create",
        per_request=MANY,
    ),
)
FLOOR_TARGET = 0.5


@dataclass(frozen=True)
class Subject:
    """An owner's token, with an open task, a project and a tag of theirs."""

    token: str
    task: str
    project: str
    tag: int

    def path(self, case: Case) -> str:
        return "/api/v1/tasks/" + case.path.format(task=self.task, project=self.project, tag=self.tag)


def subjects(url: str, tokens: list[str]) -> list[Subject]:
    """Open tasks of all owners, shuffled, with a project and a tag of the same owner."""
    with connect(url) as cursor:
        cursor.execute("SELECT digest, owner_id FROM users_apitoken")
        owners = dict(cursor.fetchall())
        token_of = {owners[sha256(token.encode()).hexdigest()]: token for token in tokens}
        cursor.execute(
            "SELECT owner_id, id, project_id FROM todos_task WHERE completed_at IS NULL AND project_id IN "
            "(SELECT id FROM todos_project WHERE name <> 'project 0') ORDER BY md5(id::text) LIMIT %s",
            [LINES],
        )
        rows = cursor.fetchall()
    return [Subject(token_of[owner], task, project, n % 9 + 1) for n, (owner, task, project) in enumerate(rows)]


def write_requests(case: Case, subjects: list[Subject], file: Path, tags: dict[str, str] | None = None) -> None:
    """The requests of this case for load.lua; `tags`: the entity tag of each token's list."""
    file.write_text(
        "".join(f"{each.path(case)}\t{each.token}\t{(tags or {}).get(each.token, '')}\n" for each in subjects)
    )
