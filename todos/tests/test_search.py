# ruff: noqa: RUF001 (letters that look alike are the point)
"""`q`: words in the title or the description, without regard to case, accents and forms, the same on every database."""

import unicodedata

import pytest
from django.db import connection

from api.text import fold, fold_for_search
from todos.models import Task


def found(api, q: str) -> list[str]:
    response = api.get("/tasks/", {"q": q, "ordering": "created_at"})
    assert response.status_code == 200, response.content
    return [task["title"] for task in response.json()["results"]]


SCRIPTS = [
    ("Straße", "STRASSE"),
    ("STRASSE", "straße"),
    ("GROẞ", "groß"),
    ("σοφός", "ΣΟΦΌΣ"),  # the last sigma has a form of its own
    ("Ο ΣΟΦΟΣ ΦΕΥΓΕΙ", "σοφος"),
    ("Ёлка", "ёЛКА"),
    ("ДОМ", "дом"),
    ("Älgen Åsa", "ÄLGEN ÅSA"),
    ("ŁÓDŹ", "łódź"),
    ("İstanbul", "İSTANBUL"),
    ("ǅungla", "ǆUNGLA"),
    ("ﬁnance", "FINANCE"),
    ("Երեւան", "ԵՐԵՒԱՆ"),
    ("ქართული", "ᲥᲐᲠᲗᲣᲚᲘ"),
    ("Ꮳꮃꭹ", "ꮳꮃꭹ"),
    ("𐐔𐐇𐐝", "𐐼𐐯𐑅"),  # beyond the basic plane
    ("Å", "\u212b"),  # the angstrom sign
    ("µm", "Μm"),  # micro sign, capital mu
    ("東京へ行く", "京へ"),
    ("👩‍👩‍👧 day", "👩‍👩‍👧"),
]


@pytest.mark.parametrize(("text", "q"), SCRIPTS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_case_does_not_matter_in_any_script(api, alice, text, q, form):
    title = Task.objects.create(owner=alice, title=f"Go: {text}, now").title
    Task.objects.create(owner=alice, title="In the description", description=f"Go:\n{text}\n")
    Task.objects.create(owner=alice, title="Something else")

    assert found(api, unicodedata.normalize(form, q)) == [title, "In the description"]


@pytest.mark.parametrize(
    "text", ["café", "Việt", "각", "ᾄδω", "한국", "\u0345\u0301α", "α\u0345\u0301", "q\u0307\u0323"]
)
def test_composed_and_decomposed_text_is_the_same(api, alice, text):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    for form in forms:
        Task.objects.create(owner=alice, title=f"-{form}-")

    for form in forms:
        assert len(found(api, f"-{form}-")) == len(found(api, f"-{form.upper()}-")) == 2


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("Café", "cafe"),
        ("cafe", "CAFÉ"),
        ("Café", "cafe\u0301"),
        ("καφές", "ΚΑΦΕΣ"),
        ("Việt Nam", "viet nam"),
        ("Ёлка", "елка"),
        ("Łódź", "lodz"),
        ("smørrebrød", "SMORREBROD"),
        ("İstanbul", "istanbul"),
        ("Isparta", "ısparta"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("Don’t", "don't"),
        ("don't", "Don’t"),
        ("rock ʼn´ roll", "'n'"),
        ("ŉ", "'n"),
        ("ＡＢＣ １２３", "abc 123"),
        ("ABC", "ａｂｃ"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("５\uff05", "5%"),
        ("Buy  milk", "buy milk"),
        ("Buy\u00a0milk", "buy milk"),
        ("Buy milk", "buy\u00a0milk"),
        ("Buy\u3000\u202fmilk", "buy milk"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "zerowidth"),
        ("✏ draw", "✏️"),
        ("✏️ draw", "✏"),
    ],
)
def test_accents_width_apostrophes_and_spaces_do_not_matter(api, alice, text, q):
    made = api.post("/tasks/", {"title": f"Go: {text}."}).json()["title"]
    Task.objects.create(owner=alice, title="In the description", description=f"Go:\n{text}\n")
    Task.objects.create(owner=alice, title="Something else")

    assert found(api, q) == [made, "In the description"]


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("milk buy", ["Buy oat milk"]),
        ("oat milk", ["Buy oat milk"]),
        ("buy BUY buy", ["Buy oat milk", "Buy bread"]),
        ("litres milk", ["Buy oat milk"]),  # one word in the description, one in the title
        ("ilk bu", ["Buy oat milk"]),
        ("milk bread", []),
        ("milk,", []),
        ('"oat milk"', []),  # quotes are plain text
    ],
)
def test_all_words_are_there_in_any_order(api, alice, q, titles):
    Task.objects.create(owner=alice, title="Buy oat milk", description="Two litres")
    Task.objects.create(owner=alice, title="Buy bread")

    assert found(api, q) == titles


def test_200_characters_can_be_100_words(api, alice):
    words = [chr(0x4E00 + number) for number in range(100)]
    Task.objects.create(owner=alice, title=" ".join(words[::-1]))

    assert len(found(api, " ".join(words) + " ")) == 1


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("", "blank"),
        ("%20", "blank"),
        ("%C2%A0", "blank"),
        ("%E2%80%8B", "blank"),  # the zero-width space
        ("%CC%81", "blank"),  # an accent, which doesn't count
        ("a%00", "null_characters_not_allowed"),
        ("x" * 201, "max_length"),
        ("a&q=b", "repeated"),
    ],
)
def test_bad_words_are_refused_by_name(api, task, q, code):
    response = api.get(f"/tasks/?q={q}")

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [("q", code)]


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("дом", "dom"),
        ("かき", "がき"),  # in Japanese and in India's scripts such marks make another letter
        ("कल", "कुल"),
        ("กา", "กี"),
    ],
)
def test_other_letters_are_other_letters(api, alice, text, q):
    Task.objects.create(owner=alice, title=text)

    assert found(api, q) == []


PLAIN = [
    "%",
    "_",
    "\\",
    "%%",
    "\\%",
    "\\_",
    "\\\\",
    "'",
    '"',
    "*",
    "?",
    "[a]",
    "^",
    "$",
    ".*",
    "--",
    ";",
    "&",
    "+",
    "#",
]


@pytest.mark.parametrize("q", PLAIN)
def test_every_character_is_plain(api, alice, q):
    Task.objects.create(owner=alice, title=f"with a{q}b in it")
    Task.objects.create(owner=alice, title="without: axb a/b ab a")

    assert found(api, f"a{q}b") == found(api, f"A{q}B") == [f"with a{q}b in it"]


def test_a_backslash_escapes_nothing(api, alice):
    Task.objects.create(owner=alice, title="100% sure")
    Task.objects.create(owner=alice, title="100\\% sure")

    assert found(api, "100%") == ["100% sure"]
    assert found(api, "100\\%") == ["100\\% sure"]


def test_a_changed_title_is_found_by_its_new_text_only(api, task):
    api.patch(f"/tasks/{task.pk}/", {"title": "ÖL", "description": "ΣΑΣ"})

    assert found(api, "öl") == found(api, "σας") == ["ÖL"]
    assert found(api, "milk") == found(api, "litres") == []


def test_an_update_of_many_rows_is_found_too(api, alice, task):
    Task.objects.create(owner=alice, title="Bread", description="Rye")

    Task.objects.update(title="ÖL")

    assert found(api, "öl litres") == ["ÖL"]
    assert found(api, "öl rye") == ["ÖL"]
    assert found(api, "milk") == found(api, "bread") == []


def test_an_update_of_title_and_description_is_found(api, task):
    Task.objects.update(title="ÖL", description="Σας")

    assert found(api, "ol σας") == ["ÖL"]
    assert found(api, "litres") == []


def test_saving_the_title_alone_is_found(api, task):
    task.title = "ÖL"
    task.save(update_fields=["title"])

    assert found(api, "öl litres") == ["ÖL"]


def test_text_does_not_run_from_the_title_into_the_description(api, task):
    assert found(api, "milktwo") == []
    assert found(api, "two milk") == ["Buy milk"]


def test_200_characters_of_any_kind_fit(api, alice):
    for letter in "xß日\U0001d160":
        title = letter * 200
        Task.objects.create(owner=alice, title=title)
        assert found(api, letter * 200) == [title]


def test_q_goes_with_the_other_filters(api, alice):
    Task.objects.create(owner=alice, title="Milk", priority=4, tags=["shop"])
    Task.objects.create(owner=alice, title="Milk again", priority=1)

    response = api.get("/tasks/?q=MILK&priority=4&tag=SHOP&completed=false")

    assert [task["title"] for task in response.json()["results"]] == ["Milk"]


def test_there_is_nothing_of_others(api, bobs_task):
    assert found(api, "secret") == found(api, "canary") == []


def test_texts_that_are_canonically_equal_fold_to_the_same():
    """Unicode, section 3.13, D145: every character, alone and with marks that are reordered around it."""
    for point in [*range(0x3000), *range(0xA640, 0xAC00), *range(0xF900, 0xFE00), *range(0x1D100, 0x1D200)]:
        for text in (chr(point), f"{chr(point)}\u0345\u0301", f"{chr(point)}\u0323\u0307"):
            decomposed = unicodedata.normalize("NFD", text)
            assert fold(decomposed) == fold(text), f"U+{point:04X}"
            assert fold(fold(text)) == fold(text), f"U+{point:04X}"
            assert fold_for_search(decomposed) == fold_for_search(text), f"U+{point:04X}"
            assert fold_for_search(fold_for_search(text)) == fold_for_search(text), f"U+{point:04X}"
            assert fold_for_search(fold(text)) == fold_for_search(text), f"U+{point:04X}"


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite compares by code point anyway")
def test_postgres_compares_by_code_point_whatever_its_locale(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE column_name LIKE '%%_folded' OR column_name = 'search_text'"
        )
        collations = cursor.fetchall()

    assert len(collations) >= 4
    assert set(collations) == {("C",)}
