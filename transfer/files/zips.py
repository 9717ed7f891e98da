"""Zips of unknown origin: what they unpack to is bounded, and their paths lead nowhere."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO

from transfer.files import BadFileError

MAX_UNPACKED = 64 * 1024 * 1024  # bytes, of all files together
MAX_RATIO = 100
MAX_DIRECTORY = 256 * 1024  # bytes: zipfile reads the whole directory, which could name a million files
MAX_FILES = 1000
END, END_64 = b"PK\x05\x06", b"PK\x06\x07"
CHUNK = 64 * 1024
DAMAGED = "The zip is damaged. Download or make it again."


def is_zip(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(4) in (b"PK\x03\x04", END)


def unpack(file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """The name and the content of each file in the zip, one after the other. Raises BadFileError."""
    check_directory(file)
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            check_entries(entries)
            for entry in entries:
                with SpooledTemporaryFile(CHUNK * 16) as content:
                    left -= copy(archive, entry, content, left)
                    content.seek(0)
                    yield entry.filename, content
    except BadFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, struct.error, ValueError):
        raise BadFileError(DAMAGED) from None


def check_directory(file: IO[bytes]) -> None:
    size = file.seek(0, 2)
    file.seek(max(size - 65_557, 0))  # the end of the directory, with the longest comment
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < 22:
        raise BadFileError(DAMAGED)
    if END_64 in tail:
        raise BadFileError("The zip has the format for more than 4 GiB. Make it again, with fewer files.")
    _, _, _, count, length, _ = struct.unpack_from("<HHHHLL", tail, at + 4)
    if count > MAX_FILES or length > MAX_DIRECTORY:
        raise BadFileError(f"The zip has more than {MAX_FILES:,} files.")


def check_entries(entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        path, name = PurePosixPath(entry.filename.replace("\\", "/")), entry.filename[:80]
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise BadFileError(f"{name!r}: The zip has a path that leads out of it.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadFileError(f"{name!r}: It is packed in a way that isn't read here. Make a usual zip.")
        if entry.flag_bits & 1:
            raise BadFileError(f"{name!r}: The zip is encrypted. Make one without a password.")
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise BadFileError(f"{name!r}: It unpacks to more than {MAX_RATIO} times its size.")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise BadFileError("The zip unpacks to more than 64 MiB.")


def copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: IO[bytes], limit: int) -> int:
    """Unpack one file as far as the limit goes, whatever its size is said to be. Returns its size."""
    size = 0
    with archive.open(entry) as packed:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > min(limit, MAX_RATIO * max(entry.compress_size, 1) + CHUNK):
                raise BadFileError("The zip unpacks to more than 64 MiB.")
            content.write(chunk)
    return size
