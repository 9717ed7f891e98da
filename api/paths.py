"""Paths, wherever a proxy serves the project."""

from django.conf import settings


def below_prefix(path: str) -> str:
    """The path without FORCE_SCRIPT_NAME. Some proxies pass the path on with it, others without."""
    prefix = settings.FORCE_SCRIPT_NAME
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path
