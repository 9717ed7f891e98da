"""Reads the members of an object of JSON, each by its type."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from transfer.files import BadFileError
from transfer.records import Contents
from transfer.sources.times import utc_moment

SHOWN = 60  # characters of a value in an error


@dataclass(slots=True)
class Members:
    """An object of JSON. Each method returns the value of a member, or what is empty of its type where it isn't there.

    They raise BadFileError, with `where` and the name of the member, for a value of another type.
    """

    where: str
    values: dict[str, Any]

    @classmethod
    def of(cls, where: str, value: Any) -> "Members":
        if not isinstance(value, dict):
            raise BadFileError(f"{where}: It isn't an object.")
        return cls(where, value)

    def refuse(self, name: str, expected: str) -> BadFileError:
        shown = repr(self.values.get(name))[:SHOWN]
        return BadFileError(f"{self.where}: {name}: {shown} isn't {expected}.")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, bool | list | dict):
            raise self.refuse(name, "text")
        return "" if value is None else str(value)

    def id(self, name: str = "id") -> str:
        value = self.values.get(name)
        if value is None or value == "":
            return ""
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
        raise self.refuse(name, "an id")

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value in (None, 0, 1):  # also False and True
            return bool(value)
        raise self.refuse(name, "true or false")

    def number(self, name: str, lowest: float, highest: float) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise self.refuse(name, f"a number from {lowest:g} to {highest:g}")
        return value

    def whole(self, name: str, lowest: int, highest: int) -> int:
        value = self.number(name, lowest, highest)
        if value is not None and value != int(value):
            raise self.refuse(name, "a whole number")
        return int(value or 0)

    def moment(self, name: str) -> datetime | None:
        """An instant (RFC 3339); without an offset, in UTC. None for the years up to 1, which stand for none."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = utc_moment(text)
        except ValueError:
            raise self.refuse(name, "a date and time") from None
        return moment if moment.year > 1 else None

    def day(self, name: str) -> date | None:
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise self.refuse(name, "a date like 2027-01-31") from None

    def clock(self, name: str) -> time | None:
        text = self.text(name)
        try:
            found = time.fromisoformat(text) if text else None
        except ValueError:
            raise self.refuse(name, "a time like 09:30") from None
        if found and found.tzinfo:
            raise self.refuse(name, "a time without an offset")
        return found

    def items(self, name: str) -> Sequence[Any]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refuse(name, "a list")
        return value

    def texts(self, name: str) -> Sequence[str]:
        values = self.items(name)
        if not all(isinstance(each, str) for each in values):
            raise self.refuse(name, "a list of texts")
        return values

    def lose_others(self, contents: Contents, item: str, known: Container[str]) -> None:
        """Name the members that nobody reads, and that say something."""
        for name in self.values:
            if name not in known and self.values[name] not in (None, "", [], {}, False, 0):
                contents.lose(item, str(name)[:SHOWN], "It isn't known here.")
