"""FastAPI and SQLModel, sync: psycopg2, a connection pool, endpoints in threads, as SQLModel's tutorial writes it."""

import os
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials
from sqlmodel import Session as SyncSession
from sqlmodel import create_engine

from sqlmodels import Task, TaskBase, TaskPage, TaskPublic, TaskUpdate, User, bearer, many_tasks, now, one_task
from sqlmodels import page as page_of
from sqlmodels import user_of

engine = create_engine(
    "postgresql+psycopg2://postgres@/", connect_args={"host": os.environ["PGHOST"], "dbname": os.environ["PGDATABASE"]}
)
app = FastAPI()


def get_session():
    with SyncSession(engine) as session:
        yield session


Session = Annotated[SyncSession, Depends(get_session)]


def get_user(session: Session, token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> User:
    user = session.exec(user_of(token.credentials)).first()
    if user is None:
        raise HTTPException(401)
    return user


Me = Annotated[User, Depends(get_user)]


def get_task(id: UUID, session: Session, user: Me) -> Task:
    task = session.exec(one_task(user, id)).first()
    if task is None:
        raise HTTPException(404)
    return task


OneTask = Annotated[Task, Depends(get_task)]


@app.get("/api/v1/tasks/", response_model=TaskPage)
def list_tasks(
    request: Request,
    session: Session,
    user: Me,
    offset: int = 0,
    project: UUID | None = None,
    tag: str | None = None,
    due: Literal["today"] | None = None,
):
    return page_of(request.url, offset, session.exec(many_tasks(user, offset, project, tag, due)).all())


@app.post("/api/v1/tasks/", response_model=TaskPublic, status_code=201)
def create_task(body: TaskBase, session: Session, user: Me):
    task = Task.model_validate(body, update={"owner_id": user.id})
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@app.get("/api/v1/tasks/{id}/", response_model=TaskPublic)
def retrieve_task(task: OneTask):
    return task


@app.patch("/api/v1/tasks/{id}/", response_model=TaskPublic)
def update_task(body: TaskUpdate, task: OneTask, session: Session):
    task.sqlmodel_update(body.model_dump(exclude_unset=True), update={"updated_at": now()})
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


@app.post("/api/v1/tasks/{id}/complete/", response_model=TaskPublic)
def complete_task(task: OneTask, session: Session):
    if not task.completed:
        task.completed_at = task.updated_at = now()
        session.add(task)
        session.commit()
        session.refresh(task)
    return task
