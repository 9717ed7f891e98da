"""Content lines (RFC 5545, section 3.1): `NAME;PARAMETER=value:value`, folded after 75 octets.

Our own, since `icalendar` takes 40 microseconds for a line, and a file of 50,000 tasks has half a million of them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_OCTETS = 75  # of a line, without its end
MAX_LENGTH = 100_000  # characters of a line that was unfolded
HEAD = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):', re.ASCII)
PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:])*)')
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class LineError(ValueError):
    """A line that isn't one of iCalendar's. `number`: of the line in the file, from 1."""

    def __init__(self, number: int, reason: str):
        super().__init__(f"line {number}: {reason}")
        self.number, self.reason = number, reason


class Line(NamedTuple):
    number: int
    name: str  # in capitals
    parameters: dict[str, str]  # names in capitals, without quotes
    value: str  # as it is written: `unescape` reads a TEXT

    @property
    def text(self) -> str:
        return unescape(self.value)


def unfold(physical: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The content lines in these lines of a file, each with its number. Raises LineError for one that is too long."""
    parts: list[str] = []
    number = start = length = 0
    for number, each in enumerate(physical, 1):
        each = each.rstrip("\r\n")
        if each[:1] in (" ", "\t") and parts:
            parts.append(each[1:])
            length += len(each)
        else:
            if parts:
                yield start, "".join(parts)
            start, parts, length = number, [each] if each else [], len(each)
        if length > MAX_LENGTH:
            raise LineError(start, f"It is longer than {MAX_LENGTH} characters.")
    if parts:
        yield start, "".join(parts)


def parse_line(number: int, text: str) -> Line:
    """Raises LineError."""
    head = HEAD.match(text)
    if head is None:
        raise LineError(number, "This isn't iCalendar: NAME:value is missing.")
    found = PARAMETER.findall(head[2]) if head[2] else ()
    parameters = {name.upper(): value.strip('"') for name, value in found}
    return Line(number, head[1].upper(), parameters, text[head.end() :])


def unescape(value: str) -> str:
    r"""A TEXT (section 3.3.11): `\n` is a line break; a backslash before anything else goes away."""
    if "\\" not in value:
        return value
    return ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def escape(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\n", "\\n")


def split_texts(value: str) -> list[str]:
    r"""The texts of a list, `a,b\,c`: those between commas that aren't escaped."""
    return [unescape(each) for each in re.findall(r"((?:[^\\,]|\\.)+)", value, re.DOTALL)]


def fold_line(line: str) -> str:
    """The line with its end, folded at 75 octets and never inside a character."""
    if len(line) * 4 <= MAX_OCTETS or (line.isascii() and len(line) <= MAX_OCTETS):
        return line + "\r\n"
    parts, rest = [], line.encode()
    room = MAX_OCTETS
    while len(rest) > room:
        cut = room
        while rest[cut] & 0xC0 == 0x80:  # inside a character of UTF-8
            cut -= 1
        parts.append(rest[:cut].decode())
        rest, room = rest[cut:], MAX_OCTETS - 1  # the space counts
    return "\r\n ".join([*parts, rest.decode()]) + "\r\n"


def write_lines(lines: Iterable[str]) -> str:
    return "".join(map(fold_line, lines))
