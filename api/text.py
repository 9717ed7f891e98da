import unicodedata

from django.db import models


def fold(text: str) -> str:
    """Fold the case, in any script: texts that differ only in case become equal."""
    if text.isascii():
        return text.lower()
    # Decompose first (Unicode, section 3.13, D145): folding turns one mark, the Greek iota subscript, into a letter,
    # and the marks around it could no longer be sorted.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


class FoldedField(models.TextField):
    """A folded copy of another field, to compare, search and sort in the same way on every database."""

    # Databases differ in folding: SQLite supports ASCII only, and Postgres depends on its locale.

    def __init__(self, source: str, **kwargs):
        self.source = source
        super().__init__(**{"editable": False, "default": "", **kwargs})

    def db_parameters(self, connection) -> dict:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"  # by code point, as in SQLite and Python, in every locale
        return parameters

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance, add: bool) -> str:
        value = fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, value)
        return value
