"""What both FastAPI peers share: tables and schemas, as SQLModel's documentation writes them."""

from datetime import UTC, date, datetime, time
from hashlib import sha256
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi.security import HTTPBearer
from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, SQLModel, select

PAGE = 50
bearer = HTTPBearer()


def now() -> datetime:
    return datetime.now(UTC)


class User(SQLModel, table=True):
    __tablename__ = "users"
    id: UUID = Field(primary_key=True)
    email: str
    timezone: str
    is_active: bool

    def today(self) -> date:
        return datetime.now(ZoneInfo(self.timezone)).date()


class Token(SQLModel, table=True):
    __tablename__ = "tokens"
    id: UUID = Field(primary_key=True)
    owner_id: UUID = Field(foreign_key="users.id")
    digest: str
    expires_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class TaskTag(SQLModel, table=True):
    __tablename__ = "task_tags"
    task_id: UUID = Field(foreign_key="tasks.id", primary_key=True)
    tag_id: UUID = Field(foreign_key="tags.id", primary_key=True)


class Tag(SQLModel, table=True):
    __tablename__ = "tags"
    id: UUID = Field(primary_key=True)
    owner_id: UUID
    name: str


class TaskBase(SQLModel):
    title: str = Field(min_length=1, max_length=500)
    description: str = Field("", max_length=20_000)
    priority: int = Field(0, ge=0, le=4, sa_type=SmallInteger)
    start_date: date | None = None
    start_time: time | None = None
    due_date: date | None = None
    due_time: time | None = None
    reminders: list[dict] = Field(default_factory=list, sa_type=JSONB)
    recurrence: str = Field("", max_length=500)
    repeat_from: str = Field("due", max_length=10)


class Task(TaskBase, table=True):
    __tablename__ = "tasks"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    owner_id: UUID = Field(foreign_key="users.id")
    completed_at: datetime | None = Field(None, sa_type=DateTime(timezone=True))
    occurrence_date: date | None = None
    series: UUID | None = None
    next_occurrence: UUID | None = None
    project_id: UUID | None = None
    parent_id: UUID | None = None
    position: float = 0.0
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    revision: int = 1
    tag_rows: list[Tag] = Relationship(link_model=TaskTag, sa_relationship_kwargs={"order_by": "Tag.name"})

    @property
    def completed(self) -> bool:
        return self.completed_at is not None

    @property
    def project(self) -> UUID | None:
        return self.project_id

    @property
    def parent(self) -> UUID | None:
        return self.parent_id

    @property
    def tags(self) -> list[str]:
        return [tag.name for tag in self.tag_rows]


class TaskPublic(TaskBase):
    id: UUID
    completed: bool
    completed_at: datetime | None
    occurrence_date: date | None
    series: UUID | None
    next_occurrence: UUID | None
    project: UUID | None
    parent: UUID | None
    tags: list[str]
    position: float
    created_at: datetime
    updated_at: datetime
    revision: int


class TaskUpdate(SQLModel):
    title: str | None = Field(None, min_length=1, max_length=500)
    description: str | None = Field(None, max_length=20_000)
    priority: int | None = Field(None, ge=0, le=4)


class TaskPage(SQLModel):
    next: str | None
    previous: str | None
    results: list[TaskPublic]


def user_of(secret: str):
    valid = (Token.expires_at == None) | (Token.expires_at > now())  # noqa: E711
    return select(User).join(Token).where(Token.digest == sha256(secret.encode()).hexdigest(), User.is_active, valid)


def one_task(user: User, id: UUID):
    return select(Task).where(Task.id == id, Task.owner_id == user.id).options(selectinload(Task.tag_rows))


def many_tasks(user: User, offset: int, project: UUID | None, tag: str | None, due: str | None):
    """One more than a page, to know whether there is a next one without counting."""
    tasks = select(Task).where(Task.owner_id == user.id).options(selectinload(Task.tag_rows))
    if project:
        tasks = tasks.where(Task.project_id == project)
    if tag:
        tasks = tasks.where(Task.tag_rows.any(Tag.name == tag))
    if due == "today":
        tasks = tasks.where(Task.due_date == user.today())
    return tasks.order_by(Task.created_at.desc(), Task.id.desc()).offset(offset).limit(PAGE + 1)


def page(url, offset: int, tasks: list[Task]) -> dict:
    more = len(tasks) > PAGE
    return {
        "next": str(url.include_query_params(offset=offset + PAGE)) if more else None,
        "previous": str(url.include_query_params(offset=max(offset - PAGE, 0))) if offset else None,
        "results": tasks[:PAGE],
    }
