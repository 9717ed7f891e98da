"""A recurrence rule."""

from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from typing import Self

from todos.recurrence.parse import MAX_NUMBER, WEEKDAYS, RecurrenceError, Weekday, read_parts
from todos.recurrence.series import Series

# What RFC 5545 forbids by frequency, and what to do instead.
ONLY_WITH = {
    "bymonthday": ({"DAILY", "MONTHLY", "YEARLY"}, "use BYDAY, or FREQ=MONTHLY"),
    "byyearday": ({"YEARLY"}, "use FREQ=YEARLY"),
    "byweekno": ({"YEARLY"}, "use FREQ=YEARLY"),
}
BY_PARTS = ["bymonth", "byweekno", "byyearday", "bymonthday", "byday"]


@dataclass(frozen=True)
class Recurrence:
    """A rule; make one with `Recurrence.parse`, which refuses what the calculations don't expect.

    `str()` writes it as RFC 5545 does: without `RRULE:`, in a fixed order, without defaults.
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None  # the last day
    bymonth: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byday: tuple[Weekday, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int = 0  # Monday

    @classmethod
    def parse(cls, text: str, zone: tzinfo = UTC) -> Self:
        """The rule that `text` writes, as in RFC 5545, section 3.3.10, without regard to case.

        `text`: at most 500 characters. Everything in the RFC except times of day; INTERVAL and COUNT are 1 to 999; a
        leading `RRULE:` and a trailing semicolon are dropped.
        `zone`: the owner's time zone. UNTIL as a moment (`20261231T230000Z`) ends on its day there. A text that is a
        rule in one zone is a rule in every zone, so validation needs none.
        Raises RecurrenceError, which names the part and the remedy, for everything else.
        """
        rule = cls(**read_parts(text, zone))
        rule._check()
        return rule

    def next_date(self, start: date, after: date, not_before: date) -> date | None:
        """The next date of the series that begins on `start`: see `Series.next_date`."""
        return Series(self, start).next_date(after, not_before)

    def with_count(self, count: int) -> Self:
        """The same rule, for this many dates (1 to 999), in place of its COUNT or UNTIL."""
        if not 1 <= count <= MAX_NUMBER:
            raise RecurrenceError(f"COUNT must be a whole number from 1 to {MAX_NUMBER}.")
        return replace(self, count=count, until=None)

    def __str__(self) -> str:
        parts = {
            "FREQ": self.freq,
            "INTERVAL": self.interval if self.interval > 1 else None,
            "COUNT": self.count,
            "UNTIL": self.until and self.until.isoformat().replace("-", ""),
            **{name.upper(): ",".join(map(str, getattr(self, name))) for name in [*BY_PARTS, "bysetpos"]},
            "WKST": WEEKDAYS[self.wkst] if self.wkst else None,
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    def _check(self) -> None:
        """Raises RecurrenceError for parts that are right by themselves, but not together (RFC 5545, 3.3.10)."""
        if self.count and self.until:
            raise RecurrenceError("COUNT and UNTIL exclude each other: keep one of them.")
        for name, (allowed, remedy) in ONLY_WITH.items():
            if getattr(self, name) and self.freq not in allowed:
                raise RecurrenceError(f"{name.upper()} can't be used with FREQ={self.freq}: {remedy}.")
        if self.bysetpos and not any(getattr(self, name) for name in BY_PARTS):
            raise RecurrenceError("BYSETPOS needs another BY part to choose from: add BYDAY, for example.")
        self._check_numbered_weekdays()

    def _check_numbered_weekdays(self) -> None:
        numbered = next((on for on in self.byday if on.number), None)
        if numbered is None:
            return
        plain = WEEKDAYS[numbered.weekday]
        if self.freq not in ("MONTHLY", "YEARLY"):
            raise RecurrenceError(
                f"BYDAY={numbered} can't be used with FREQ={self.freq}: use {plain}, or FREQ=MONTHLY or YEARLY."
            )
        if self.byweekno:
            raise RecurrenceError(f"BYDAY={numbered} can't be used with BYWEEKNO: use {plain}.")
