import unicodedata

from django.db import models


def fold(text: str) -> str:
    """The text without regard to case, in any script: two texts that differ only in case fold to the same."""
    if text.isascii():
        return text.lower()
    # Decomposed first (Unicode, section 3.13, D145): folding can turn a mark, the Greek iota subscript, into a letter,
    # after which the marks around it would no longer be put in their order.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


class FoldedField(models.TextField):
    """The folded copy of another field, for comparing, searching and ordering alike on every database."""

    # Databases fold by their own rules: SQLite knows ASCII only, Postgres what its locale says.

    def __init__(self, source: str, **kwargs):
        self.source = source
        super().__init__(**{"editable": False, "default": "", **kwargs})

    def db_parameters(self, connection) -> dict:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"  # by code point, as SQLite and Python do, whatever the server's locale
        return parameters

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance, add: bool) -> str:
        value = fold(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, value)
        return value
