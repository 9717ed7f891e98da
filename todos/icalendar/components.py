"""Components (RFC 5545, section 3.6): what stands between BEGIN and END."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from todos.icalendar.lines import Line, LineError, parse_line, unfold

MAX_DEPTH = 8


@dataclass
class Component:
    name: str
    number: int  # the line of its BEGIN
    lines: list[Line] = field(default_factory=list)
    components: list["Component"] = field(default_factory=list)

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        """The text of the first line of this name; empty without one."""
        line = self.first(name)
        return line.text if line else ""


def read_components(physical: Iterable[str]) -> Iterator[Component]:
    """The components directly below each VCALENDAR, one after the other. Raises LineError, with the number of the line.

    Lines of the VCALENDAR itself are given as a component of that name, when they are complete.
    """
    stack: list[Component] = []
    number = 0
    for number, text in unfold(physical):
        line = parse_line(number, text)
        if line.name == "BEGIN":
            begin(stack, line)
        elif line.name == "END":
            done = end(stack, line)
            if len(stack) == 1:
                yield done
            elif not stack:
                yield Component("VCALENDAR", done.number, done.lines)
        elif stack:
            stack[-1].lines.append(line)
        else:
            raise LineError(number, "It stands outside of BEGIN:VCALENDAR and END:VCALENDAR.")
    if stack:
        raise LineError(number, f"END:{stack[-1].name} is missing at the end of the file.")


def begin(stack: list[Component], line: Line) -> None:
    name = line.value.strip().upper()
    if not stack and name != "VCALENDAR":
        raise LineError(line.number, "The file doesn't begin with BEGIN:VCALENDAR.")
    if len(stack) >= MAX_DEPTH:
        raise LineError(line.number, f"Components are nested more than {MAX_DEPTH} levels deep.")
    stack.append(Component(name, line.number))


def end(stack: list[Component], line: Line) -> Component:
    if not stack or stack[-1].name != line.value.strip().upper():
        raise LineError(line.number, f"END:{line.value.strip()[:40]} has no BEGIN.")
    done = stack.pop()
    if len(stack) > 1:
        stack[-1].components.append(done)
    return done
