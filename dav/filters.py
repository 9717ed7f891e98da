"""The filters of calendar-query (RFC 4791, section 9.7): by SQL where that can tell, else by what the texts say."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from django.db.models import Q

from dav.document import Block, read_document
from dav.errors import Forbidden
from dav.objects import Found
from dav.times import moment_of, overlaps, rings
from dav.xml import c
from todos.icalendar.lines import Line
from todos.icalendar.moments import parse_moment

COLLATIONS = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
MOMENT = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
CANCELLED = Q(resource__body__contains="CANCELLED")  # such a task is completed, but its text may not say so
ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class BadFilter(Forbidden):
    condition = "c:valid-filter"


@dataclass
class Filter:
    """`kind`: the component that is asked for. `tests`: the elements that it has to match."""

    kind: str
    tests: list[Element]
    zone: ZoneInfo

    @classmethod
    def read(cls, root: Element | None, user) -> "Filter":
        calendar = None if root is None else root.find(c("comp-filter"))
        if calendar is None or calendar.get("name", "").upper() != "VCALENDAR":
            raise BadFilter("A filter begins with a comp-filter for VCALENDAR.")
        zone = ZoneInfo(user.timezone)
        for each in calendar.iter():
            check(each)
        inner = calendar.find(c("comp-filter"))
        if inner is None:
            return cls("", [], zone)
        return cls(inner.get("name", "").upper(), list(inner), zone)

    @property
    def is_empty(self) -> bool:
        """Whether every object matches."""
        return not self.kind

    @property
    def rest(self) -> list[Element]:
        """The tests that the text of an open task must be read for."""
        return [each for each in self.tests if not is_about_open(each)]

    @property
    def is_exact(self) -> bool:
        """Whether SQL tells all about open tasks, without reading a text."""
        return self.is_empty or (self.kind == "VTODO" and not self.rest)

    @property
    def asks_for_none(self) -> bool:
        """Whether objects match that have no such component."""
        return any(each.tag == c("is-not-defined") for each in self.tests)

    @property
    def asks_for_open(self) -> bool:
        return any(is_about_open(each) for each in self.tests)

    def narrow(self, tasks: Any) -> Any:
        """The tasks that can match."""
        if self.kind and (self.kind == "VTODO") == self.asks_for_none:
            return tasks.none()
        if self.asks_for_open:
            tasks = tasks.filter(Q(completed_at=None) | CANCELLED)
        for each in self.tests:
            if each.tag == c("time-range"):
                tasks = tasks.filter(may_overlap(*span(each)))
        return tasks

    def split(self, tasks: Any) -> tuple[Any, Any]:
        """Of the tasks that can match: those that do, as far as SQL tells, and those whose texts must be read."""
        if not self.is_exact:
            return tasks.none(), tasks
        return (tasks.open(), tasks.completed()) if self.asks_for_open else (tasks, tasks.none())

    def matches(self, found: Found) -> bool:
        if self.is_empty:
            return True
        if (found.component == self.kind) == self.asks_for_none:
            return False
        is_open = found.task is not None and found.task["completed_at"] is None
        tests = self.rest if is_open else self.tests
        if not tests or self.asks_for_none:
            return True
        blocks = [each for each in read_document(str(found.text)).blocks if each.name == self.kind]
        return any(all(passes(each, block, self.zone) for each in tests) for block in blocks)


def check(found: Element) -> None:
    """Raise BadFilter or Forbidden for what isn't known here."""
    if found.tag == c("text-match") and found.get("collation", COLLATIONS[0]) not in (*COLLATIONS, "default"):
        raise Forbidden("There is no such collation here.", "c:supported-collation")
    if found.tag == c("time-range"):
        span(found)


def span(found: Element) -> tuple[datetime, datetime]:
    """The start and the end of a time-range."""
    if found.get("start") is None and found.get("end") is None:
        raise BadFilter("A time-range needs a start or an end.")
    start, end = moment(found.get("start"), ALWAYS[0]), moment(found.get("end"), ALWAYS[1])
    if end < start:
        raise BadFilter("A time-range ends after its start.")
    return start, end


def moment(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    if not MOMENT.fullmatch(text):
        raise BadFilter("A time-range is in UTC, like 20270131T090000Z.")
    try:
        found = parse_moment(text)
    except ValueError:
        raise BadFilter("A time-range needs a valid date.") from None
    return found if isinstance(found, datetime) else default


def is_about_open(test: Element) -> bool:
    """Whether a test asks for open tasks: by COMPLETED that isn't there, or by STATUS that isn't COMPLETED."""
    if test.tag != c("prop-filter"):
        return False
    name = test.get("name", "").upper()
    if name == "COMPLETED":
        return test.find(c("is-not-defined")) is not None
    match = test.find(c("text-match"))
    if name != "STATUS" or match is None:
        return False
    return is_negated(match) and (match.text or "").strip().upper() == "COMPLETED"


def is_negated(match: Element) -> bool:
    return match.get("negate-condition") == "yes"


def may_overlap(start: datetime, end: datetime) -> Q:
    """The tasks that can overlap this time. Recurring ones, and those of other programs' rules, may at any time."""
    try:
        first, last = start.date() - timedelta(days=2), end.date() + timedelta(days=2)
    except OverflowError:
        return Q()
    begins = Q(start_date__lte=last) | Q(start_date=None, due_date__lte=last)
    ends = Q(due_date__gte=first) | Q(due_date=None, start_date__gte=first)
    undated = Q(start_date=None, due_date=None)
    return undated | ~Q(recurrence="") | Q(resource__body__contains="RRULE") | Q(begins & ends)


# What a test says of a component


def passes(test: Element, block: Block, zone: ZoneInfo) -> bool:
    if test.tag == c("time-range"):
        return overlaps(block, *span(test), zone)
    if test.tag == c("prop-filter"):
        lines = [each.line for each in block.entries if each.line and each.name == test.get("name", "").upper()]
        return any(line_passes(test, line, zone) for line in lines) if is_there(test) else not lines
    if test.tag == c("comp-filter"):
        inner = [each for each in block.blocks if each.name == test.get("name", "").upper()]
        if not is_there(test):
            return not inner
        return any(all(inner_passes(each, found, block, zone) for each in test) for found in inner)
    return True


def inner_passes(test: Element, alarm: Block, block: Block, zone: ZoneInfo) -> bool:
    if test.tag == c("time-range"):
        return rings(alarm, block, *span(test), zone)
    return passes(test, alarm, zone)


def is_there(test: Element) -> bool:
    return test.find(c("is-not-defined")) is None


def line_passes(test: Element, line: Line, zone: ZoneInfo) -> bool:
    for each in test:
        if each.tag == c("text-match") and not text_matches(each, line.text):
            return False
        if each.tag == c("time-range"):
            at = moment_of(line, zone)
            start, end = span(each)
            if at is None or not start <= at < end:
                return False
        if each.tag == c("param-filter") and not parameter_passes(each, line):
            return False
    return True


def parameter_passes(test: Element, line: Line) -> bool:
    value = line.parameters.get(test.get("name", "").upper())
    if not is_there(test):
        return value is None
    match = test.find(c("text-match"))
    return value is not None and (match is None or text_matches(match, value))


def text_matches(test: Element, value: str) -> bool:
    wanted = test.text or ""
    if test.get("collation") != "i;octet":
        wanted, value = wanted.casefold(), value.casefold()
    return (wanted in value) != is_negated(test)
