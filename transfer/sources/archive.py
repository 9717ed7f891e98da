"""The archive of this server: everything of an account. `transfer/exports/archive.py` writes it."""

from typing import IO, Any
from zoneinfo import ZoneInfo

from transfer.files import BadFileError
from transfer.files.json_stream import JSONStream
from transfer.parts import archive_parts
from transfer.records import Contents
from transfer.sources.fields import Members
from users.models import known_timezones

FORMAT, VERSION = "todo-archive", 1
MAX_ITEM = 8 * 1024 * 1024  # characters: of a text of 1 MiB each one may be escaped


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    contents.max_rows = None
    named = False
    parts = {part.name: part for part in archive_parts()}
    with JSONStream(file, MAX_ITEM) as stream:
        for name in stream.members():
            if name == "format":
                check_format(stream.value())
                named = True
            elif not named:
                raise stream.refuse("This isn't an archive of this server: it doesn't begin with its format.")
            elif name in parts:
                for number in stream.elements():
                    parts[name].read(Members.of(f"{name}, item {number}", stream.value()), contents)
            elif name == "settings":
                read_settings(Members.of("settings", stream.value()), contents)
            elif name == "version":
                check_version(stream.value())
            elif stream.value() is not None and name != "complete":
                contents.lose(name, "", "This server doesn't know it.")
        stream.end()
    if not named:
        raise BadFileError("line 1: This isn't an archive of this server.")


def check_format(value: Any) -> None:
    if value != FORMAT:
        raise BadFileError(f"line 1: This isn't an archive of this server: its format isn't \"{FORMAT}\".")


def check_version(value: Any) -> None:
    if value != VERSION:
        raise BadFileError("line 1: The archive was written by a newer version of this server.")


def read_settings(members: Members, contents: Contents) -> None:
    contents.settings = {"name": members.text("name")[:100].replace("\0", ""), "timezone": members.text("timezone")}
    if contents.settings["timezone"] not in known_timezones():
        contents.lose("settings", "timezone", f"{contents.settings.pop('timezone')[:60]!r} isn't known here.")
    if "reminders_by_email" in members.values:
        contents.settings["reminders_by_email"] = members.flag("reminders_by_email")
    members.lose_others(contents, "settings", {"name", "timezone", "reminders_by_email"})
