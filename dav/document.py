"""iCalendar as it came: a tree of content lines that gives back the text to the byte, and can be changed in part."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dav.errors import BadCalendar
from todos.icalendar.components import MAX_DEPTH, Component
from todos.icalendar.lines import MAX_LENGTH, Line, LineError, parse_line, write_lines

LOGICAL = re.compile(r"[^\n]*(?:\n[ \t][^\n]*)*\n?")
FOLD = re.compile(r"\r?\n[ \t]")
FOLD_OF_BYTES = re.compile(rb"\r?\n[ \t]")
MAX_LINES = 20_000


class Entry(NamedTuple):
    """A content line with its text as it came; without `line`, one that can't be read, which is kept."""

    raw: str
    line: Line | None

    @property
    def name(self) -> str:
        return self.line.name if self.line else ""


@dataclass
class Block:
    """A component: what stands between BEGIN and END, and those lines themselves."""

    name: str
    begin: str
    items: "list[Entry | Block]" = field(default_factory=list)
    end: str = ""

    def text(self) -> str:
        return "".join(
            [self.begin, *(each.raw if isinstance(each, Entry) else each.text() for each in self.items), self.end]
        )

    @property
    def entries(self) -> Iterator[Entry]:
        return (each for each in self.items if isinstance(each, Entry))

    @property
    def blocks(self) -> "Iterator[Block]":
        return (each for each in self.items if isinstance(each, Block))

    def first(self, name: str) -> Line | None:
        return next((each.line for each in self.entries if each.name == name), None)

    def value(self, name: str) -> str:
        line = self.first(name)
        return line.text if line else ""

    def component(self) -> Component:
        """As `todos.icalendar` reads it."""
        lines = [each.line for each in self.entries if each.line]
        return Component(self.name, 0, lines, [each.component() for each in self.blocks])

    def replace(self, names: set[str], others: "Sequence[Entry | Block]") -> None:
        """Put these in the place of the entries and blocks with these names, or before the first block."""
        at = next((index for index, each in enumerate(self.items) if each.name in names), None)
        kept = [each for each in self.items if each.name not in names]
        if at is None:
            at = next((index for index, each in enumerate(kept) if isinstance(each, Block)), len(kept))
        self.items = [*kept[:at], *others, *kept[at:]]


def decode(body: bytes) -> str:
    """The text of a body. Some programs fold lines inside of a character. Raises BadCalendar."""
    for attempt in (body, FOLD_OF_BYTES.sub(b"", body)):
        try:
            text = attempt.decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise BadCalendar("The body has a null character.")
        return text
    raise BadCalendar("The body isn't UTF-8.")


def read_document(text: str) -> Block:
    """The VCALENDAR in this text. Raises BadCalendar, naming the line."""
    stack: list[Block] = []
    root: Block | None = None
    number = 1
    for raw in LOGICAL.findall(text):
        if not raw:
            continue
        entry = Entry(raw, line_of(number, raw))
        number += raw.count("\n")
        if root and raw.strip():
            raise BadCalendar(f"Line {number}: send one VCALENDAR.")
        if entry.name == "BEGIN":
            begin(stack, entry)
        elif not stack:
            if raw.strip():
                raise BadCalendar("The body doesn't begin with BEGIN:VCALENDAR.")
        elif entry.name == "END":
            done = end(stack, entry)
            root = done if not stack else None
        else:
            stack[-1].items.append(entry)
        if number > MAX_LINES:
            raise BadCalendar(f"The body has more than {MAX_LINES} lines.")
    if root is None:
        raise BadCalendar(f"END:{stack[-1].name} is missing." if stack else "The body has no VCALENDAR.")
    return root


def line_of(number: int, raw: str) -> Line | None:
    if len(raw) > MAX_LENGTH:
        raise BadCalendar(f"Line {number} is longer than {MAX_LENGTH} characters.")
    try:
        return parse_line(number, FOLD.sub("", raw).rstrip("\r\n"))
    except LineError:
        return None


def name_of(entry: Entry) -> str:
    return entry.line.value.strip().upper() if entry.line else ""


def begin(stack: list[Block], entry: Entry) -> None:
    name = name_of(entry)
    if not stack and name != "VCALENDAR":
        raise BadCalendar("The body doesn't begin with BEGIN:VCALENDAR.")
    if len(stack) >= MAX_DEPTH:
        raise BadCalendar(f"Components are nested more than {MAX_DEPTH} levels deep.")
    block = Block(name, entry.raw)
    if stack:
        stack[-1].items.append(block)
    stack.append(block)


def end(stack: list[Block], entry: Entry) -> Block:
    if stack[-1].name != name_of(entry):
        raise BadCalendar(f"END:{name_of(entry)[:40]} has no BEGIN.")
    done = stack.pop()
    done.end = entry.raw
    return done


def entries_of(lines: list[str]) -> list[Entry]:
    """Lines that are written here, as entries."""
    return [Entry(write_lines([line]), parse_line(0, line)) for line in lines]


def single(text: str) -> Block:
    """The first component of a text that is written here, such as a VTODO of `todos.icalendar`."""
    return next(read_document(f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n").blocks)
