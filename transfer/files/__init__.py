"""Reads files of unknown origin in bounded time and memory: text, tables, JSON and zips."""

import io
from collections.abc import Iterator
from typing import IO

MAX_LINE = 1024 * 1024  # bytes


class BadFileError(ValueError):
    """The file can't be imported. `str()` says where and why, for people."""


def text_of(file: IO[bytes]) -> io.TextIOWrapper:
    """The file as text in UTF-8, with or without a byte order mark."""
    file.seek(0)
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def lines_of(file: IO[bytes]) -> Iterator[str]:
    """The lines of a text, with their ends. Raises BadFileError."""
    file.seek(0)
    number = 0
    # Line by line, so that the number of a line that isn't text is known.
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise BadFileError(f"line {number}: It is longer than {MAX_LINE:,} bytes.")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadFileError(f"line {number}: It isn't text in UTF-8. Save the file in that encoding.") from None
        if "\0" in text:
            raise BadFileError(f"line {number}: It contains a null character. Is this a text file?")
        yield text
