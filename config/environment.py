"""The environment, and below it the file that `ENV_FILE` names (`.env` beside manage.py).

    python -m config.environment

prints for a shell where the server listens, by the same rules; so it must not need the settings.
"""

import os
import re
import sys
from io import StringIO
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import parse_stream

BASE_DIR = Path(__file__).resolve().parent.parent
# Where the server listens, and with how many processes: the default of each, and what it looks like.
SERVER_VARIABLES = {
    "BIND": ("127.0.0.1", r"[A-Za-z0-9.:_-]+|\[[A-Za-z0-9.:]+\]"),
    "PORT": ("8000", r"[0-9]{1,5}"),
    "WEB_CONCURRENCY": ("2", r"[0-9]{1,4}"),
}
# Each may stand in a file of its own, which the name with _FILE names.
SECRETS = ("SECRET_KEY", "DATABASE_URL", "DATABASE_URL_UNPOOLED")


def env_file() -> Path | None:
    """The file to read, which is there or was asked for."""
    if named := os.environ.get("ENV_FILE"):
        return Path(named)
    default = BASE_DIR / ".env"
    return default if os.path.lexists(default) else None


def read_text(path: Path, name: str) -> str:
    """Raises ImproperlyConfigured, with this `name` of the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ImproperlyConfigured(f"{name} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 has many
        raise ImproperlyConfigured(f"{name} isn't text in UTF-8. Save it in that encoding.")
    return text


def read_file(path: Path) -> dict[str, str]:
    """The names and values in a file like `.env`. Raises ImproperlyConfigured, with the line and never with a value."""
    found = {}
    for binding in parse_stream(StringIO(read_text(path, path.name))):
        if binding.error or (binding.key and binding.value is None):
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            raise ImproperlyConfigured(f"{path.name}, line {line}: this isn't NAME=value.")
        if binding.key:
            found[binding.key] = binding.value or ""
    return found


def read_environment(known: set[str] | None = None) -> dict[str, str]:
    """What the environment and the file say together; in the file nothing but what is `known`, if that is given."""
    path = env_file()
    from_file = read_file(path) if path else {}
    if known and (unknown := from_file.keys() - known):
        raise ImproperlyConfigured(f"{path and path.name} sets {', '.join(sorted(unknown))}: no such setting.")
    found = {**from_file, **os.environ}
    for name in SECRETS:
        if named := found.get(f"{name}_FILE"):
            content = read_text(Path(named), f"The file that {name}_FILE names").strip()
            found[name] = the_same(found, name, f"{name}_FILE", content)
    if named := found.get("NEON_DATABASE_URL"):
        found["DATABASE_URL"] = the_same(found, "DATABASE_URL", "NEON_DATABASE_URL", named)
    return found


def the_same(found: dict[str, str], name: str, other: str, value: str) -> str:
    """The value that `other` gives to `name`, which has no other one."""
    if found.get(name, "").strip() not in ("", value.strip()):
        raise ImproperlyConfigured(f"{name} and {other} are both set, and differ. Set one of them.")
    return value


def server_variables(found: dict[str, str]) -> dict[str, str]:
    values = {}
    for name, (default, shape) in SERVER_VARIABLES.items():
        value = found.get(name, "").strip() or default
        if not re.fullmatch(shape, value, re.ASCII):
            raise ImproperlyConfigured(f"{name} can't be read from the environment: it has to look like {default}.")
        values[name] = value
    bind = f"[{values['BIND']}]" if ":" in values["BIND"].strip("[]") and "[" not in values["BIND"] else values["BIND"]
    return {**values, "ADDRESS": f"{bind}:{values['PORT']}"}


if __name__ == "__main__":
    try:
        pairs = server_variables(read_environment())
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    print("export", *(f"{name}='{value}'" for name, value in pairs.items()))
