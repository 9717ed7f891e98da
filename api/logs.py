"""Log formats: JSON for production, readable lines for development."""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

# No line says from which file, thread or process it comes: so nobody looks (Python's Logging HOWTO, Optimization).
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

# The path of an emailed link contains a secret with which a reader of the log could set the user's password.
SECRET_IN_PATH = re.compile(r"(/set-password/[\w-]+/)[\w-]+")

current_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the current request, or "" outside of one."""
    return current_request_id.get()


def without_secrets(line: str) -> str:
    return SECRET_IN_PATH.sub(r"\1...", line)


def exception_text(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    lines = "".join(traceback.format_exception(*record.exc_info)).splitlines()
    # In this line, Postgres repeats the values of the row.
    return "\n".join(line for line in lines if not line.startswith("DETAIL:"))


class JSONFormatter(logging.Formatter):
    """One JSON object a line; `extra={"fields": {...}}` adds its own fields. JSON escapes what could end a line, and
    everything that isn't ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id(),
            **getattr(record, "fields", {}),
        }
        if text := exception_text(record):
            line["exception"] = text
        return without_secrets(json.dumps(line, default=str))


class ReadableFormatter(logging.Formatter):
    """For a terminal: the time, the message, then name=value for each field."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = " ".join(
            f"{name}={json.dumps(value, default=str)}" for name, value in getattr(record, "fields", {}).items()
        )
        # json.dumps escapes characters that end the line or move the cursor.
        message = json.dumps(record.getMessage())[1:-1]
        line = f"{moment} {record.levelname:<7} {message} {fields}".rstrip()
        return without_secrets("\n".join(filter(None, (line, exception_text(record)))))
