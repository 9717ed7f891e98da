"""Reads JSON (RFC 8259) item by item: the memory that it takes is that of the largest item, not of the file."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from transfer.files import BadFileError, text_of

CHUNK = 256 * 1024
MAX_ITEM = 1024 * 1024  # characters
SPACE = re.compile(r"[ \t\r\n]*")


def no_constant(name: str) -> None:
    raise ValueError(f"{name} isn't a JSON number")


DECODER = json.JSONDecoder(parse_constant=no_constant)


class JSONStream:
    """A position in a JSON text. Each item that `elements` or `members` announces has to be read before the next one.

    All methods raise BadFileError, with the number of the line.
    """

    def __init__(self, file: IO[bytes], max_item: int = MAX_ITEM):
        self.max_item = max_item
        self.text = text_of(file)
        self.buffer, self.at, self.lines, self.ended = "", 0, 1, False

    def __enter__(self) -> "JSONStream":
        return self

    def __exit__(self, *exc) -> None:
        self.text.detach()  # the file stays open

    def refuse(self, reason: str) -> BadFileError:
        line = self.lines + self.buffer.count("\n", 0, self.at)
        return BadFileError(f"line {line}: {reason}")

    def more(self) -> bool:
        """Read on, and let go of what was read before. False at the end of the file."""
        if self.ended:
            return False
        self.lines += self.buffer.count("\n", 0, self.at)
        try:
            # Twice as much each time, so that a large item isn't tried too often.
            chunk = self.text.read(max(CHUNK, len(self.buffer) - self.at))
        except UnicodeDecodeError:
            raise self.refuse("The file isn't text in UTF-8.") from None
        self.buffer, self.at, self.ended = self.buffer[self.at :] + chunk, 0, not chunk
        return not self.ended

    def peek(self) -> str:
        """The next character that isn't white space; empty at the end."""
        while True:
            found = SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self.more():
                return ""

    def take(self, character: str) -> None:
        found = self.peek()
        if found != character:
            raise self.refuse(f"This isn't JSON: {character!r} is missing." if found else "The file ends too early.")
        self.at += 1

    def value(self) -> Any:
        """The item here. Raises BadFileError for one of more than `max_item` characters."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.at)
                if end - self.at > self.max_item:
                    raise self.refuse(f"An item is longer than {self.max_item:,} characters.")
                if end < len(self.buffer) or self.ended:
                    self.at = end
                    return value
            except BadFileError:
                raise
            except RecursionError:
                raise self.refuse("It is nested too deeply.") from None
            except json.JSONDecodeError as error:
                if self.ended or self.is_certain(error):
                    self.at = min(error.pos, len(self.buffer))
                    reason = error.msg if self.at < len(self.buffer) else "The file ends too early"
                    raise self.refuse(f"This isn't JSON: {reason}.") from None
            except ValueError as error:  # a number with thousands of digits, or NaN
                raise self.refuse(f"This isn't JSON: {str(error)[:100]}.") from None
            if len(self.buffer) - self.at > self.max_item:
                raise self.refuse(f"An item is longer than {self.max_item:,} characters, or isn't JSON.")
            self.more()

    def is_certain(self, error: json.JSONDecodeError) -> bool:
        """Whether more of the file can't change this error: it isn't about where the buffer ends."""
        return error.pos < len(self.buffer) - 16 and not error.msg.startswith("Unterminated string")

    def elements(self) -> Iterator[int]:
        """Announces each element of the array here by its number, from 1."""
        self.take("[")
        if self.peek() == "]":
            self.at += 1
            return
        number = 0
        while True:
            yield (number := number + 1)
            if self.peek() == ",":
                self.at += 1
                continue
            self.take("]")
            return

    def members(self) -> Iterator[str]:
        """Announces each member of the object here by its name."""
        self.take("{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            if self.peek() != '"':
                raise self.refuse("This isn't JSON: a name in quotes is missing.")
            name = self.value()
            self.take(":")
            yield name
            if self.peek() == ",":
                self.at += 1
                continue
            self.take("}")
            return

    def end(self) -> None:
        if self.peek():
            raise self.refuse("There is something after the end of the JSON.")
