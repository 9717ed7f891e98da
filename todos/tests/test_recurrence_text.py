"""How rules are read and written."""

from dataclasses import replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from todos.recurrence import Recurrence, RecurrenceError

AUCKLAND, HONOLULU = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")


@pytest.mark.parametrize(
    "text",
    [
        "byday=-1mo;Freq=monthly",
        "RRULE:FREQ=MONTHLY;BYDAY=-1MO",
        "rrule:FREQ=MONTHLY;BYDAY=-1MO;",
        "FREQ=MONTHLY;BYDAY=-01MO,-1MO;INTERVAL=1;WKST=MO",
    ],
)
def test_case_order_repetition_and_what_goes_without_saying_do_not_matter(text):
    assert Recurrence.parse(text) == Recurrence.parse("FREQ=MONTHLY;BYDAY=-1MO")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("RRULE:freq=daily;", "FREQ=DAILY"),
        ("WKST=MO;INTERVAL=01;FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("WKST=SU;COUNT=010;INTERVAL=2;FREQ=WEEKLY;BYDAY=SU,TU", "FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=TU,SU;WKST=SU"),
        ("FREQ=MONTHLY;BYSETPOS=-1,+1;BYDAY=+2MO,-1FR", "FREQ=MONTHLY;BYDAY=-1FR,2MO;BYSETPOS=-1,1"),
        ("UNTIL=00010203;BYMONTHDAY=31,5,05;FREQ=MONTHLY", "FREQ=MONTHLY;UNTIL=00010203;BYMONTHDAY=5,31"),
        ("FREQ=YEARLY;BYYEARDAY=-366,001;BYWEEKNO=53,-1", "FREQ=YEARLY;BYWEEKNO=-1,53;BYYEARDAY=-366,1"),
        ("FREQ=YEARLY;BYDAY=20MO,SU;BYMONTH=12,1", "FREQ=YEARLY;BYMONTH=1,12;BYDAY=SU,20MO"),
    ],
)
def test_a_rule_is_written_in_a_fixed_order(text, written):
    rule = Recurrence.parse(text)

    assert (str(rule), Recurrence.parse(written)) == (written, rule)


@pytest.mark.parametrize(
    ("until", "zone", "day"),
    [
        ("20271231", AUCKLAND, date(2027, 12, 31)),
        ("20271231T235959Z", UTC, date(2027, 12, 31)),
        ("20271231T235959Z", AUCKLAND, date(2028, 1, 1)),
        ("20271231T095959Z", HONOLULU, date(2027, 12, 30)),
        ("20271231T100000Z", HONOLULU, date(2027, 12, 31)),
        ("20271231T235959", AUCKLAND, date(2027, 12, 31)),  # without a Z, it is the owner's own time
        ("20161231T235960Z", UTC, date(2016, 12, 31)),  # a leap second
        ("00010101T000000Z", HONOLULU, date.min),
        ("99991231T235959Z", AUCKLAND, date.max),
    ],
)
def test_until_ends_on_its_day_in_the_zone(until, zone, day):
    rule = Recurrence.parse(f"FREQ=DAILY;UNTIL={until}", zone)

    assert rule == Recurrence("DAILY", until=day)


def test_a_count_is_exchanged():
    counted, ending = Recurrence.parse("FREQ=DAILY;COUNT=5"), Recurrence.parse("FREQ=DAILY;UNTIL=20271231")

    assert str(counted.with_count(2)) == str(ending.with_count(2)) == "FREQ=DAILY;COUNT=2"


@pytest.mark.parametrize("count", [0, 1000])
def test_a_count_is_exchanged_for_one_from_1_to_999(count):
    with pytest.raises(RecurrenceError, match=r"^COUNT must be a whole number from 1 to 999\.$"):
        Recurrence("DAILY").with_count(count)


def test_a_rule_has_at_most_500_characters():
    longest = "FREQ=DAILY;COUNT=" + "1".zfill(483)

    assert Recurrence.parse(longest) == replace(Recurrence("DAILY"), count=1)
    with pytest.raises(RecurrenceError, match=r"^A recurrence has at most 500 characters\.$"):
        Recurrence.parse("FREQ=DAILY;COUNT=" + "1".zfill(484))


NOT_A_PART = "is not a part of a recurrence: write NAME=VALUE, separated by semicolons."
NOT_ALLOWED = "is not allowed: write it like FREQ=WEEKLY;BYDAY=MO,TH."
NO_NUMBERS, NUMBER = ["0", "1000", "-1", "+1", "ONE", "1,2", "1=2"], "must be a whole number from 1 to 999."
DATE = "UNTIL must be a date like 20261231, or with a time like 20261231T225959Z."
NO_DATES = [
    *["2026-12-31", "2026123", "2026W011", "2026123100", "20260230", "00000101", "20261231Z"],
    *["20261231T", "20261231T2359Z", "20261231T240000Z", "20261231T235961Z", "20261231T236000", "20261231T000000+01"],
]
PARTS = "FREQ, INTERVAL, COUNT, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYSETPOS, WKST, UNTIL"
NO_DAYS = ["", "MONDAY", "0MO", "54MO", "-54TU", "001MO", "+TU", "MO2"]
NO_DAY = "use MO to SU, with a number like 2MO or -1FR (up to 53)."
END = "from the end."
LIMITS = {"BYWEEKNO": 53, "BYYEARDAY": 366, "BYMONTHDAY": 31, "BYSETPOS": 366}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f'"" {NOT_A_PART}'),
        ("RRULE:", f'"" {NOT_A_PART}'),
        ("DAILY", f'"DAILY" {NOT_A_PART}'),
        ("FREQ=DAILY;;", f'"" {NOT_A_PART}'),
        (";FREQ=DAILY", f'"" {NOT_A_PART}'),
        ("FREQ=DAILY;COUNT=", f'"COUNT=" {NOT_A_PART}'),
        ("FREQ=DAILY;=3", f'"=3" {NOT_A_PART}'),
        ("RRULE:RRULE:FREQ=DAILY", f"':' {NOT_ALLOWED}"),
        ("EXRULE:FREQ=DAILY", f"':' {NOT_ALLOWED}"),
        ("FREQ=DAILY; COUNT=3", f"' ' {NOT_ALLOWED}"),
        ("FREQ=DAILY\n", rf"'\n' {NOT_ALLOWED}"),
        ("FREQ=DAILY;COUNT=1_0", f"'_' {NOT_ALLOWED}"),
        ("FREQ=DAILY;COUNT=３", rf"'\uff13' {NOT_ALLOWED}"),  # noqa: RUF001 - a digit elsewhere
        ("FREQ=DAıLY", rf"'\u0131' {NOT_ALLOWED}"),  # noqa: RUF001 - in capitals it is an I
        ("INTERVAL=2", "FREQ is required: add FREQ=DAILY, WEEKLY, MONTHLY or YEARLY."),
        *(
            (f"FREQ={freq}", f"FREQ={freq} is not supported: use DAILY, WEEKLY, MONTHLY or YEARLY.")
            for freq in ("HOURLY", "MINUTELY", "SECONDLY", "FORTNIGHTLY")
        ),
        *(
            (f"FREQ=DAILY;{name}=1", f"{name} is not supported: a recurrence has days only. Set a due time instead.")
            for name in ("BYHOUR", "BYMINUTE", "BYSECOND")
        ),
        *((f"FREQ=DAILY;{name}=1", f"{name} is not supported: use {PARTS}.") for name in ("DTSTART", "SKIP", "X-MINE")),
        *((f"FREQ=DAILY;INTERVAL={value}", f"INTERVAL {NUMBER}") for value in NO_NUMBERS),
        *((f"FREQ=DAILY;COUNT={value}", f"COUNT {NUMBER}") for value in NO_NUMBERS),
        *((f"FREQ=DAILY;UNTIL={value}", DATE) for value in NO_DATES),
        *((f"FREQ=YEARLY;BYDAY=MO,{day}", f'BYDAY has no "{day}": {NO_DAY}') for day in NO_DAYS),
        ("FREQ=WEEKLY;WKST=1", 'WKST has no "1": use MO to SU.'),
        *(
            (f"FREQ=YEARLY;BYMONTH=1,{month}", f'BYMONTH has no "{month}": use 1 to 12.')
            for month in ("", "0", "13", "-1", "+1", "JAN")
        ),
        *(
            (
                f"FREQ=YEARLY;{name}=1,{item}",
                f'{name} has no "{item}": use 1 to {limit}, or -1 to -{limit} from the end.',
            )
            for name, limit in LIMITS.items()
            for item in ("", "0", str(limit + 1), str(-limit - 1), "0001", "MO", "--1")
        ),
    ],
)
def test_a_refusal_names_the_part(text, message):
    with pytest.raises(RecurrenceError) as refusal:
        Recurrence.parse(text)

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FREQ=DAILY;COUNT=3;count=3", "COUNT is given more than once: keep one of them."),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "COUNT and UNTIL exclude each other: keep one of them."),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY can't be used with FREQ=WEEKLY: use BYDAY, or FREQ=MONTHLY."),
        *(
            (f"FREQ={freq};{name}=1", f"{name} can't be used with FREQ={freq}: use FREQ=YEARLY.")
            for freq in ("DAILY", "WEEKLY", "MONTHLY")
            for name in ("BYYEARDAY", "BYWEEKNO")
        ),
        *(
            (
                f"FREQ={freq};BYDAY=MO,-1TU",
                f"BYDAY=-1TU can't be used with FREQ={freq}: use TU, or FREQ=MONTHLY or YEARLY.",
            )
            for freq in ("DAILY", "WEEKLY")
        ),
        ("FREQ=YEARLY;BYWEEKNO=2;BYDAY=2MO", "BYDAY=2MO can't be used with BYWEEKNO: use MO."),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYSETPOS=1",
            "BYSETPOS needs another BY part to choose from: add BYDAY, for example.",
        ),
    ],
)
def test_what_the_rfc_forbids_together_is_refused_with_the_remedy(text, message):
    with pytest.raises(RecurrenceError) as refusal:
        Recurrence.parse(text)

    assert str(refusal.value) == message
