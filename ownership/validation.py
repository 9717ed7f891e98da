"""Refusals by the rules of a model, with a code for programs and words for people."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


def invalid(field: str, message: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(message, code=code)})


class RefusedError(ValidationError):
    """A ValidationError that says which of many objects it is about: `refusals` has each with its error."""

    def __init__(self, refusals: list[tuple[models.Model, ValidationError]]):
        super().__init__(refusals[0][1])
        self.refusals = refusals


@contextmanager
def about(instance: models.Model) -> Iterator[None]:
    """Note in a ValidationError that it is about this object."""
    try:
        yield
    except ValidationError as error:
        raise RefusedError([(instance, error)]) from None


def check_each(instances: Iterable[Any], check: Callable[[Any], None]) -> None:
    """Check all of these objects. Raises RefusedError with every one that is refused."""
    refusals = []
    for instance in instances:
        try:
            check(instance)
        except ValidationError as error:
            refusals.append((instance, error))
    if refusals:
        raise RefusedError(refusals)
