"""Constraints with a field, a code and a message, so that the API, forms and the admin report the same errors.

To validate a check constraint, Django runs a query. Here the condition is evaluated in Python where possible. The
database checks it again when the row is written.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from operator import attrgetter, contains, eq, ge, gt, le, lt
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q

from ownership.owned import OwnedModel
from ownership.validation import invalid

# The same text, without the id, for an object that doesn't exist and for one of another user.
DOES_NOT_EXIST = "This object does not exist. Use the id of one of your own objects."


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

# Tells whether an instance meets a condition; None if SQL says unknown, which doesn't violate a constraint.
Evaluator = Callable[[models.Model], bool | None]


class UnknownConditionError(Exception):
    """Only the database can evaluate the condition."""


def evaluator(condition: Any, model: type[models.Model]) -> Evaluator:
    """Compile the condition. Raises UnknownConditionError if it has anything but LOOKUPS on columns."""
    if not isinstance(condition, Q) or condition.connector not in (Q.AND, Q.OR):
        raise UnknownConditionError
    children = [child_evaluator(child, model) for child in condition.children]
    decisive = condition.connector == Q.OR  # one that is true decides OR, one that is false decides AND
    negated = condition.negated

    def holds(instance: models.Model) -> bool | None:
        result: bool | None = not decisive
        for child in children:
            found = child(instance)
            if found is decisive:
                return decisive is not negated
            if found is None:
                result = None
        return None if result is None else result is not negated

    return holds


def child_evaluator(child: Any, model: type[models.Model]) -> Evaluator:
    if not isinstance(child, tuple):
        return evaluator(child, model)
    path, expected = child
    name, _, lookup = path.partition("__")
    value = column_reader(model, name)
    if lookup == "isnull" or (expected is None and lookup in ("", "exact")):
        is_null = expected is None or expected is True
        return lambda instance: (value(instance) is None) == is_null
    compare = LOOKUPS.get(lookup or "exact")
    if compare is None or (hasattr(expected, "resolve_expression") and not isinstance(expected, F)):
        raise UnknownConditionError
    other = column_reader(model, attrgetter("name")(expected)) if isinstance(expected, F) else lambda _: expected

    def holds(instance: models.Model) -> bool | None:
        left, right = value(instance), other(instance)
        return None if left is None or right is None else compare(left, right)

    return holds


def column_reader(model: type[models.Model], name: str) -> Callable[[models.Model], Any]:
    field: Any = model._meta.get_field(name)
    return attrgetter(field.attname)


class Rule:
    """A constraint of a model, its columns, and its condition as a function."""

    def __init__(self, constraint: models.BaseConstraint, model: type[models.Model]):
        self.constraint = constraint
        self.field = getattr(constraint, "field", None)
        self.columns = columns_of(constraint, model)
        self.is_check = isinstance(constraint, models.CheckConstraint)
        self.holds: Evaluator | None = None  # only the database can evaluate it
        with suppress(UnknownConditionError):
            if self.is_check or (isinstance(constraint, models.UniqueConstraint) and not constraint.expressions):
                self.holds = evaluator(getattr(constraint, "condition", None) or Q(), model)

    def check(self, instance: models.Model) -> None:
        """Raise ValidationError for the constraint's field if the instance violates it."""
        if self.holds is None:
            self.constraint.validate(type(instance), instance)
        elif self.is_check:
            if self.holds(instance) is False:
                raise refusal(self.constraint)
        elif self.holds(instance) and self.is_taken(instance):
            raise plain_refusal(self.constraint, instance) or refusal(self.constraint)

    def is_taken(self, instance: models.Model) -> bool:
        """Whether another row has the values of a UniqueConstraint."""
        constraint: Any = self.constraint
        values = {name: column_reader(type(instance), name)(instance) for name in constraint.fields}
        if None in values.values():
            return False
        others = type(instance)._base_manager.filter(constraint.condition or Q(), **values)
        return others.exclude(pk=instance.pk).exists()


@cache
def rules_of(model: type[models.Model]) -> list[Rule]:
    """The rules of the model's constraints. Those that include the primary key always hold: left out."""
    rules = [Rule(constraint, model) for constraint in model._meta.constraints]
    return [rule for rule in rules if rule.columns]


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


def check(instance: models.Model, columns: set[str], exclude: Iterable[str | None] = (), queries: bool = True) -> None:
    """Raise ValidationError with all errors of the references and the constraints about these columns.

    A constraint about a column that holds an expression, such as `F("priority") + 1`, is left to the database, and so
    is one that needs a query if `queries` is false. `exclude`: the names of fields whose constraints aren't checked.
    """
    expressions = {name for name in columns if hasattr(instance.__dict__.get(name), "resolve_expression")}
    check_references(instance, columns - expressions, exclude, queries)
    errors: dict[str, list] = {}
    for rule in rules_of(type(instance)):
        if not rule.columns & columns or rule.columns & expressions or not (queries or rule.is_check):
            continue
        if rule.field not in exclude:
            try:
                rule.check(instance)
            except ValidationError as error:
                errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


@cache
def owned_references(model: type[models.Model]) -> list[models.ForeignKey]:
    """The foreign keys to objects of users."""
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [key for key in keys if issubclass(key.related_model, OwnedModel)]


def check_references(
    instance: Any, columns: set[str], exclude: Iterable[str | None] = (), queries: bool = True
) -> None:
    """Raise ValidationError if one of these columns refers to another owner's object, or to nothing.

    Without `queries`, objects that aren't loaded are left to the database.
    """
    model: type[models.Model] = type(instance)
    for key in owned_references(model):
        if key.attname in columns and key.name not in exclude and (queries or key.is_cached(instance)):
            with suppress(ObjectDoesNotExist):
                other = getattr(instance, key.name)
                if other is None or other.owner_id == instance.owner_id:
                    continue
            raise invalid(key.name, DOES_NOT_EXIST, "does_not_exist")


def check_values(model: type[models.Model], owner_id: UUID, values: Mapping[str, Any]) -> None:
    """Raise ValidationError if one of these new values of an owner's rows is another owner's object, or none."""
    given = {key: values[name] for key in owned_references(model) for name in (key.name, key.attname) if name in values}
    ids = {
        key.attname: getattr(value, "pk", value)
        for key, value in given.items()
        if not hasattr(value, "resolve_expression")
    }
    if ids:
        check_references(model(owner_id=owner_id, **ids), set(ids))


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
