"""Validation errors of a model's rules, with a code for programs and a message for people."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


def invalid(field: str, message: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})


class RefusedError(ValidationError):
    """A ValidationError for several objects. `refusals` has each object with its error."""

    def __init__(self, refusals: list[tuple[Any, ValidationError]]):
        super().__init__(refusals[0][1])
        self.refusals = refusals


@contextmanager
def about(instance: models.Model) -> Iterator[None]:
    """Turn a ValidationError in the block into a RefusedError for this object."""
    try:
        yield
    except ValidationError as error:
        raise RefusedError([(instance, error)]) from None


def check_each(instances: Iterable[Any], check: Callable[[Any], None]) -> None:
    """Check all of these objects. Raises RefusedError with all errors."""
    refusals = []
    for instance in instances:
        try:
            check(instance)
        except ValidationError as error:
            refusals.append((instance, error))
    if refusals:
        raise RefusedError(refusals)
