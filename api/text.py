"""How texts compare: the same on every database, since each database has rules of its own."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.lookups import Contains

# What nobody sees: Unicode's Default_Ignorable_Code_Point, such as variation selectors and zero-width characters.
INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
)
ALL_INVISIBLE = rf"{INVISIBLE}\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
# The flags of Scotland and Wales differ in such characters alone.
FLAG_OR_INVISIBLE = re.compile(f"(\U0001f3f4[\U000e0020-\U000e007f]+)|[{ALL_INVISIBLE}]")
BLANK = re.compile(rf"[\s\u2800{ALL_INVISIBLE}]*")  # the empty pattern of Braille looks like a space
BREAK = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
CONTROL = r"[\x01-\x1f\x7f-\x9f]"  # without 0: Django and REST framework refuse it by a code of its own
APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u00b4\u2032\ua78c\uff07", "'"))
# Letters with a stroke, which Unicode doesn't take for an accent; and the i without its dot.
STROKES = str.maketrans("łøđħŧı", "lodhti")


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in the text."""
    return BLANK.fullmatch(text) is not None


def to_line(text: str) -> str:
    """The text with a space for each line break and tab."""
    return BREAK.sub(" ", text)


def fold(text: str) -> str:
    """The text as names compare: without regard to case, Unicode form, what is invisible, and runs of white space."""
    if not text.isascii():
        text = FLAG_OR_INVISIBLE.sub(r"\1", text).replace("\u2800", " ")
        # Decomposed first (Unicode, section 3.13, D145): folding can turn a mark, the Greek iota subscript, into a
        # letter, after which the marks around it would no longer be put in their order.
        return one_spaced(unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold()))
    return one_spaced(text.lower())


def fold_for_search(*texts: str) -> str:
    """The texts as they are searched, a line each: as `fold`, and without regard to accents, width and apostrophes."""
    return "\n".join(one_spaced(text.lower() if text.isascii() else without_accents(text)) for text in texts)


def without_accents(text: str) -> str:
    text = FLAG_OR_INVISIBLE.sub(r"\1", text).replace("\u2800", " ")
    text = unicodedata.normalize("NFD", text).translate(APOSTROPHES)  # before NFKD takes some of them for accents
    letters = "".join(char for char in unicodedata.normalize("NFKD", text) if not is_accent(char)).casefold()
    return unicodedata.normalize("NFC", letters.translate(APOSTROPHES).translate(STROKES))


def is_accent(char: str) -> bool:
    # By their canonical combining classes: what stands above or below a letter, and the vowel points of Hebrew, Arabic
    # and Syriac. The iota subscript (240) is a letter in upper case. The vowels of India's scripts and the marks of
    # Japanese syllables have other classes: they make another letter.
    mark = unicodedata.combining(char)
    return 200 <= mark < 240 or 10 <= mark <= 36


def one_spaced(text: str) -> str:
    return " ".join(text.split())


class LineField(models.CharField):
    """One line of text: line breaks and tabs become spaces, other control characters are refused."""

    default_validators = [
        RegexValidator(
            CONTROL, "Control characters are not allowed.", code="control_characters_not_allowed", inverse_match=True
        )
    ]

    def to_python(self, value):  # forms and saves come through here
        value = super().to_python(value)
        return to_line(value) if isinstance(value, str) else value


class FoldedField(models.TextField):
    """The folded copy of one or several other fields, for comparing, searching and ordering alike on every database.

    `folding`: makes it of their texts. `max_length`: where it is cut.
    """

    def __init__(self, *sources: str, folding: Callable[..., str] = fold, **kwargs):
        self.sources, self.folding = sources, folding
        super().__init__(**{"editable": False, "default": "", **kwargs})

    def db_parameters(self, connection) -> dict:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"  # by code point, as in SQLite and Python, in every locale
        return parameters

    def deconstruct(self):
        name, path, _, kwargs = super().deconstruct()
        return name, path, list(self.sources), kwargs if self.folding is fold else {**kwargs, "folding": self.folding}

    def copy_of(self, texts: Sequence[str]) -> str:
        return self.folding(*texts)[: self.max_length]

    def pre_save(self, model_instance, add: bool) -> str:
        value = self.copy_of([getattr(model_instance, source) for source in self.sources])
        setattr(model_instance, self.attname, value)
        return value


class Matches(Contains):
    """`matches`: contains this text, which is folded as the column is."""

    def get_prep_lookup(self):
        return self.lhs.output_field.folding(self.rhs)


FoldedField.register_lookup(Matches, "matches")
