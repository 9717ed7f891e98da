"""Constraints with a field, a code and a message, so that the API, forms and the admin report the same errors.

To validate a check constraint, Django runs a query. Here the condition is evaluated in Python where possible. The
database checks it again when the row is written.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter, contains, eq, ge, gt, le, lt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


class UnknownConditionError(Exception):
    """Only the database can evaluate the condition."""


class UnknownValueError(Exception):
    """The value is an expression, such as `F("priority") + 1`: only the database knows what it gives."""


class AboutField(models.BaseConstraint):
    """Adds the field that errors belong to. Migrations contain Django's class instead.

    `field`: the name of a field of the model. The other arguments are Django's.
    """

    def __init__(self, *, field: str, **kwargs):
        super().__init__(**kwargs)
        self.field = field

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        return path.replace("ownership.constraints.", "django.db.models."), args, kwargs

    def clone(self):
        _, args, kwargs = self.deconstruct()
        return type(self)(*args, field=self.field, **kwargs)


class CheckConstraint(AboutField, models.CheckConstraint):
    pass


class UniqueConstraint(AboutField, models.UniqueConstraint):
    pass


def in_range(value, limits) -> bool:
    return limits[0] <= value <= limits[1]


LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": eq,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "range": in_range,
    "in": lambda value, choices: contains(choices, value),
}


def holds(condition: Q, instance: models.Model) -> bool | None:
    """Whether the instance meets the condition; None if SQL says unknown, which doesn't violate a constraint.

    Raises UnknownConditionError if the condition has anything but LOOKUPS on columns.
    """
    if not isinstance(condition, Q):
        raise UnknownConditionError
    results = [each_holds(child, instance) for child in condition.children]
    if condition.connector == Q.AND:
        result = False if False in results else None if None in results else True
    elif condition.connector == Q.OR:
        result = True if True in results else None if None in results else False
    else:
        raise UnknownConditionError
    return result if result is None or not condition.negated else not result


def each_holds(child, instance: models.Model) -> bool | None:
    if isinstance(child, Q):
        return holds(child, instance)
    if not isinstance(child, tuple):
        raise UnknownConditionError
    (path, expected) = child
    name, _, lookup = path.partition("__")
    value = column_value(instance, name)
    if isinstance(expected, F):
        expected = column_value(instance, attrgetter("name")(expected))
    elif hasattr(expected, "resolve_expression"):
        raise UnknownConditionError
    if lookup == "isnull" or (expected is None and lookup in ("", "exact")):
        return (value is None) == (expected is None or expected is True)
    if (lookup or "exact") not in LOOKUPS:
        raise UnknownConditionError
    return None if value is None or expected is None else LOOKUPS[lookup or "exact"](value, expected)


def column_value(instance: models.Model, name: str):
    value = attrgetter(instance._meta.get_field(name).attname)(instance)  # type: ignore[union-attr]
    if hasattr(value, "resolve_expression"):
        raise UnknownValueError
    return value


@cache
def constraints_of(model: type[models.Model]) -> list[tuple[models.BaseConstraint, set[str]]]:
    """The model's constraints, each with its columns. Those that include the primary key always hold: left out."""
    found = [(constraint, columns_of(constraint, model)) for constraint in model._meta.constraints]
    return [(constraint, columns) for constraint, columns in found if columns]


def columns_of(constraint: models.BaseConstraint, model: type[models.Model]) -> set[str]:
    names = set(getattr(constraint, "fields", ()))
    if model._meta.pk.name in names:
        return set()
    condition = getattr(constraint, "condition", None)
    if getattr(constraint, "expressions", ()) or not isinstance(condition, Q | None):
        return {field.attname for field in model._meta.concrete_fields}
    if condition:
        names |= condition.referenced_base_fields
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return {field.attname for field in fields}


def check(constraint: models.BaseConstraint, instance: models.Model) -> None:
    """Raise ValidationError for the constraint's field if the instance violates it."""
    try:
        violated = is_violated(constraint, instance)
    except UnknownValueError:
        return
    except UnknownConditionError:
        constraint.validate(type(instance), instance)
        return
    if violated:
        raise plain_refusal(constraint, instance) or refusal(constraint)


def plain_refusal(constraint: models.BaseConstraint, instance: models.Model) -> ValidationError | None:
    """For a UniqueConstraint of Django's without a message of its own: about the field that is unique for its owner."""
    given = constraint.violation_error_message != constraint.default_violation_error_message
    if given or not isinstance(constraint, models.UniqueConstraint):
        return None
    names = [name for name in constraint.fields if name != "owner"]
    error = instance.unique_error_message(type(instance), tuple(names))
    return ValidationError({names[0] if len(names) == 1 else "__all__": error})


def refusal(constraint: models.BaseConstraint) -> ValidationError:
    error = ValidationError(constraint.get_violation_error_message(), code=constraint.violation_error_code or "invalid")
    return ValidationError({getattr(constraint, "field", "__all__"): error})


def is_violated(constraint: models.BaseConstraint, instance: models.Model) -> bool:
    if isinstance(constraint, models.CheckConstraint):
        return holds(constraint.condition, instance) is False  # type: ignore[arg-type]
    if not isinstance(constraint, models.UniqueConstraint) or constraint.expressions:
        raise UnknownConditionError
    if constraint.condition and not holds(constraint.condition, instance):
        return False
    values = {name: column_value(instance, name) for name in constraint.fields}
    if None in values.values():
        return False
    others = type(instance)._base_manager.filter(constraint.condition or Q(), **values)
    return others.exclude(pk=instance.pk).exists()
