"""Tables in CSV (RFC 4180)."""

import csv
from collections.abc import Iterable, Iterator

from transfer.files import BadFileError

MAX_COLUMNS = 200
# As csv's own limit, but our own number: libraries may change that one for the whole process.
MAX_CELL = 100_000  # characters
MAX_ROW = 120_000  # … of all cells that stand on one line, or begin there: less than csv's limit of a cell

Row = tuple[str, dict[str, str]]  # where it stands, and its cells by the names of the columns


def read_cells(lines: Iterable[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of its first line. Raises BadFileError."""
    reader = csv.reader(checked(lines), strict=True, delimiter=delimiter)
    number = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFileError(f"line {reader.line_num}: This isn't CSV: {error}.") from None
        if len(row) > MAX_COLUMNS:
            raise BadFileError(f"line {number}: It has more than {MAX_COLUMNS} columns.")
        yield number, row
        number = reader.line_num + 1


def checked(lines: Iterable[str]) -> Iterator[str]:
    """These lines, as long as they can't make a cell that is too large."""
    inside, since, length = False, 1, 0
    for number, line in enumerate(lines, 1):
        if not inside:
            since, length = number, 0
        length += len(line)
        inside ^= line.count('"') % 2 == 1
        if length > MAX_ROW:
            raise BadFileError(f"line {since}: A cell or a row is longer than {MAX_CELL:,} characters.")
        yield line


def read_rows(lines: Iterable[str], columns: set[str], delimiter: str = ",", skip_to: str = "") -> Iterator[Row]:
    """The rows below the header, which must have these columns. Names are compared without regard to case.

    skip_to: pass over what stands before the header, the row with this column. Raises BadFileError.
    """
    rows = read_cells(lines, delimiter)
    header: list[str] = []
    for _, row in rows:
        header = [name.strip().lower() for name in row]
        if any(header) and (not skip_to or skip_to in header):
            break
    if missing := columns - set(header):
        names = ", ".join(sorted(missing))
        raise BadFileError(f"line 1: The file has no column {names}. Is it the right kind of file?")
    if repeated := {name for name in header if name and header.count(name) > 1}:
        raise BadFileError(f"line 1: The column {min(repeated)[:60]} is there twice.")
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            raise BadFileError(f"line {number}: The row has more cells than the header.")
        cells = dict.fromkeys(header, "") | dict(zip(header, row, strict=False))
        if long := next((name for name, cell in cells.items() if len(cell) > MAX_CELL), None):
            raise BadFileError(f"line {number}: The cell {long[:60]} is longer than {MAX_CELL:,} characters.")
        yield f"line {number}", cells
