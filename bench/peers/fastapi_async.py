"""FastAPI and SQLModel, async: asyncpg, a connection pool, no expiry on commit, as SQLAlchemy's asyncio guide says."""

import os
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from sqlmodels import Task, TaskBase, TaskPage, TaskPublic, TaskUpdate, User, bearer, many_tasks, now, one_task
from sqlmodels import page as page_of
from sqlmodels import user_of

engine = create_async_engine(
    "postgresql+asyncpg://postgres@/", connect_args={"host": os.environ["PGHOST"], "database": os.environ["PGDATABASE"]}
)
new_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI()


async def get_session():
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


async def get_user(session: Session, token: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> User:
    user = (await session.exec(user_of(token.credentials))).first()
    if user is None:
        raise HTTPException(401)
    return user


Me = Annotated[User, Depends(get_user)]


async def get_task(id: UUID, session: Session, user: Me) -> Task:
    task = (await session.exec(one_task(user, id))).first()
    if task is None:
        raise HTTPException(404)
    return task


OneTask = Annotated[Task, Depends(get_task)]


@app.get("/api/v1/tasks/", response_model=TaskPage)
async def list_tasks(
    request: Request,
    session: Session,
    user: Me,
    offset: int = 0,
    project: UUID | None = None,
    tag: str | None = None,
    due: Literal["today"] | None = None,
):
    tasks = (await session.exec(many_tasks(user, offset, project, tag, due))).all()
    return page_of(request.url, offset, tasks)


@app.post("/api/v1/tasks/", response_model=TaskPublic, status_code=201)
async def create_task(body: TaskBase, session: Session, user: Me):
    task = Task.model_validate(body, update={"owner_id": user.id, "tag_rows": []})
    session.add(task)
    await session.commit()
    return task


@app.get("/api/v1/tasks/{id}/", response_model=TaskPublic)
async def retrieve_task(task: OneTask):
    return task


@app.patch("/api/v1/tasks/{id}/", response_model=TaskPublic)
async def update_task(body: TaskUpdate, task: OneTask, session: Session):
    task.sqlmodel_update(body.model_dump(exclude_unset=True), update={"updated_at": now()})
    session.add(task)
    await session.commit()
    return task


@app.post("/api/v1/tasks/{id}/complete/", response_model=TaskPublic)
async def complete_task(task: OneTask, session: Session):
    if not task.completed:
        task.completed_at = task.updated_at = now()
        session.add(task)
        await session.commit()
    return task
