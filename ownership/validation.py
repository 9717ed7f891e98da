"""Refusals by the rules of a model, with a code for programs and words for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import models


def invalid(field: str, message: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})


@contextmanager
def about(instance: models.Model) -> Iterator[None]:
    """Note in a ValidationError which of many objects it is about."""
    try:
        yield
    except ValidationError as error:
        error.about = instance  # type: ignore[attr-defined]
        raise
