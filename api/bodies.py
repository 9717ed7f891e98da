"""How large the body of a request may be."""

from django.conf import settings

from api.paths import below_prefix


def max_body(path: str) -> int:
    """In bytes, for a call of this path, with or without the prefix of a proxy."""
    is_upload = below_prefix(path).startswith(settings.UPLOAD_PATHS)
    return settings.UPLOAD_MAX_SIZE if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def described(size: int) -> str:
    return f"Send at most {size // (1024 * 1024)} MiB."
