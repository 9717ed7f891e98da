"""The floor: a bare WSGI function, psycopg2 and orjson. It answers the list alone; no framework does less."""

import os
from hashlib import sha256
from threading import local

import orjson
import psycopg2
from psycopg2.extras import RealDictCursor, register_uuid

register_uuid()
threads = local()

TOKEN = """
SELECT users.id FROM tokens JOIN users ON users.id = tokens.owner_id
WHERE digest = %s AND is_active AND (expires_at IS NULL OR expires_at > now())
"""
LIST = """
SELECT id, title, description, completed_at IS NOT NULL AS completed, completed_at, priority,
    start_date, start_time, due_date, due_time, reminders, recurrence, repeat_from,
    occurrence_date, series, next_occurrence, project_id AS project, parent_id AS parent,
    (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM task_tags JOIN tags ON tags.id = tag_id
     WHERE task_id = tasks.id) AS tags,
    position, created_at, updated_at, revision
FROM tasks WHERE owner_id = %s ORDER BY created_at DESC, id DESC LIMIT 51
"""


def cursor():
    if not hasattr(threads, "connection"):
        threads.connection = psycopg2.connect(
            host=os.environ["PGHOST"], dbname=os.environ["PGDATABASE"], user="postgres"
        )
        threads.connection.autocommit = True
    return threads.connection.cursor(cursor_factory=RealDictCursor)


def application(environ, start_response):
    with cursor() as rows:
        secret = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        rows.execute(TOKEN, [sha256(secret.encode()).hexdigest()])
        user = rows.fetchone()
        if user is None or environ["PATH_INFO"] != "/api/v1/tasks/":
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        rows.execute(LIST, [user["id"]])
        tasks = rows.fetchall()
    more = f"http://{environ['HTTP_HOST']}/api/v1/tasks/?after={tasks[-2]['id']}" if len(tasks) > 50 else None
    body = orjson.dumps({"next": more, "previous": None, "results": tasks[:50]}, option=orjson.OPT_UTC_Z)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
