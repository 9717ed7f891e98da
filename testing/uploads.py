"""A sample file of each source that tasks are imported from, all made here."""

import io
import zipfile
from pathlib import Path

from transfer.sources import SOURCES

SAMPLES = Path(__file__).resolve().parents[1] / "transfer" / "tests" / "samples"
FILES = {
    **{source: next(SAMPLES.glob(f"{source}.*")) for source in SOURCES},
    "todoist": SAMPLES / "Work [2203306141].csv",
}


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def sample(source: str) -> io.BytesIO:
    return named(FILES[source].read_bytes(), FILES[source].name)


def zipped(**files: bytes | str) -> bytes:
    """A zip with these files, by their names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def source_of(path: str) -> str | None:
    """The source that a call imports from; None for other calls."""
    return path.removeprefix("import/").strip("/") if path.startswith("import/") else None
