import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "api",
    "ownership",
    "users",
    "todos",
    "transfer",
    "dav",
    "assistants",
    "live",
    "config",
]  # each may import those before it


def imports(path: Path) -> set[str]:
    """The first names of all that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way_only(room):
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    modules = [path for path in (ROOT / room).rglob("*.py") if "tests" not in path.parts]

    assert modules
    assert {str(path): imports(path) & later for path in modules if imports(path) & later} == {}
