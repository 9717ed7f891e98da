"""On which days the rules fall. Random rules are compared with dateutil in test_recurrence_oracle.py."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from todos.recurrence import Recurrence, Series

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def dates(text: str, start: str, limit: int = 4) -> str:
    """The start and what follows it, each date asked for with the one before it."""
    series = Series(Recurrence.parse(text, NEW_YORK), date.fromisoformat(start))
    found: list[date | None] = [series.start]
    while found[-1] and len(found) < limit:
        found.append(series.next_date(found[-1]))
    return " ".join(str(day or "end") for day in found)


def check(text: str, expected: str) -> None:
    assert dates(text, expected[:10], len(expected.split())) == expected


@pytest.mark.parametrize(
    ("text", "expected"),  # the start comes first
    [
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-30 2026-12-31 2027-01-29"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26 2027-11-25 2028-11-23"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "2026-12-05 2026-12-19 2027-01-02"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "2026-12-01 2026-12-06 2026-12-15 2026-12-20"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "2026-12-01 2026-12-13 2026-12-15 2026-12-27"),
        ("FREQ=DAILY;UNTIL=20271231T235959Z", "2027-12-30 2027-12-31 end"),
        ("RRULE:FREQ=WEEKLY;", "2026-12-05 2026-12-12"),
    ],
)
def test_a_rule_that_other_apps_write_falls_on_its_days(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY", "2026-02-27 2026-02-28 2026-03-01 2026-03-02"),
        ("FREQ=DAILY;INTERVAL=10", "2026-01-25 2026-02-04 2026-02-14 2026-02-24"),
        ("FREQ=DAILY;BYDAY=MO,FR", "2026-11-16 2026-11-20 2026-11-23 2026-11-27"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "2026-11-16 2026-11-30 2026-12-14 2026-12-28"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2026-11-17 end"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "2026-11-17 end"),
        ("FREQ=DAILY;BYMONTHDAY=1,-1;BYSETPOS=-1", "2026-11-17 2026-11-30 2026-12-01 2026-12-31"),
        ("FREQ=DAILY;BYMONTHDAY=1;BYSETPOS=2", "2026-11-17 end"),
        ("FREQ=DAILY;INTERVAL=777;BYMONTH=2;BYMONTHDAY=29", "2024-02-29 4396-02-29 6768-02-29 9140-02-29 end"),
        ("FREQ=WEEKLY", "2026-11-20 2026-11-27 2026-12-04 2026-12-11"),
        ("FREQ=WEEKLY;BYDAY=SU,MO", "2026-11-20 2026-11-22 2026-11-23 2026-11-29"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2026-11-18 2026-11-22 2026-11-30 2026-12-06"),
        ("FREQ=WEEKLY;BYDAY=SU", "0001-01-01 0001-01-07 0001-01-14 0001-01-21"),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=SU,SA;BYSETPOS=1", "0001-01-01 0001-01-07 0001-01-14 0001-01-21"),
        ("FREQ=WEEKLY;BYMONTH=12;BYDAY=MO,FR;BYSETPOS=1", "2026-11-20 2026-12-04 2026-12-07 2026-12-14"),
        ("FREQ=MONTHLY", "2026-01-15 2026-02-15 2026-03-15 2026-04-15"),
        ("FREQ=MONTHLY;BYDAY=FR", "2026-11-20 2026-11-27 2026-12-04 2026-12-11"),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR", "2026-11-10 2026-11-27 2026-12-08 2026-12-25"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "2026-11-24 2026-11-30 2026-12-01 2026-12-07"),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-11-01 2026-11-30 2027-03-29 2027-05-31"),
        ("FREQ=MONTHLY;BYDAY=-5MO", "2026-11-01 2026-11-02 2027-03-01 2027-05-03"),
        ("FREQ=MONTHLY;BYDAY=6MO", "2026-11-01 end"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-11-20 2026-12-01 2026-12-15 2027-01-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,-2", "2026-01-31 2026-02-27 2026-02-28 2026-03-30"),
        ("FREQ=YEARLY;BYMONTHDAY=15", "2026-11-20 2026-12-15 2027-01-15 2027-02-15"),
        ("FREQ=YEARLY;BYDAY=-1SU", "2026-11-20 2026-12-27 2027-12-26 2028-12-31"),
        ("FREQ=YEARLY;BYDAY=53TH", "2026-12-31 2032-12-30 2037-12-31 2043-12-31"),
        ("FREQ=YEARLY;BYYEARDAY=366", "2026-11-20 2028-12-31 2032-12-31 2036-12-31"),
        ("FREQ=YEARLY;BYYEARDAY=-366", "2026-11-20 2028-01-01 2032-01-01 2036-01-01"),
        ("FREQ=YEARLY;BYYEARDAY=60;BYMONTH=2", "1890-01-01 1892-02-29 1896-02-29 1904-02-29"),
        ("FREQ=YEARLY;BYYEARDAY=60;BYMONTH=2;BYDAY=MO", "1912-01-01 1932-02-29 1960-02-29 1988-02-29"),
        ("FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366", "2027-01-01 end"),
        ("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "2025-11-20 2025-12-29 2031-12-29 2036-12-29"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2026-11-20 2027-01-01 2032-12-31 2038-01-01"),
    ],
)
def test_a_rule_repeats(text, expected):
    check(text, expected)


EVERY_DAY = "SU,MO,TU,WE,TH,FR,SA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12 end"),
        ("FREQ=DAILY;UNTIL=19971224T000000Z", "1997-12-22 1997-12-23 end"),
        (f"FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY={EVERY_DAY}", "1998-01-31 1999-01-01 1999-01-02"),
        ("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", "1999-01-31 2000-01-01 2000-01-02"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-09-02 1997-09-16 1997-09-30 1997-10-14"),
        ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "1997-09-25 1997-09-30 1997-10-02 end"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", "1997-09-01 1997-09-03 1997-09-05 1997-09-15"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH", "1997-09-02 1997-09-04 1997-09-16 1997-09-18 end"),
        ("FREQ=MONTHLY;BYDAY=1FR", "1997-09-05 1997-10-03 1997-11-07 1997-12-05"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU", "1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04"),
        ("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22 1997-10-20 1997-11-17 1997-12-22"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "1997-09-30 1997-10-01 1997-10-31 1997-11-01"),
        ("FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11", "1997-09-10 1997-09-11 1999-03-10 1999-03-11"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997-09-23 1997-09-30 1997-11-04 1997-11-11"),
        ("FREQ=YEARLY;BYMONTH=6,7", "1997-06-10 1997-07-10 1998-06-10 1998-07-10"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,3", "1997-03-10 1999-01-10 1999-02-10 1999-03-10 2001-01-10"),
        ("FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200", "1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09"),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19 1998-05-18 1999-05-17"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12 1998-05-11 1999-05-17"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13 1997-03-20 1997-03-27 1998-03-05"),
        ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "1997-08-28 1998-06-04 1998-06-11"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1997-09-02 1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13"),
        ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997-09-13 1997-10-11 1997-11-08 1997-12-13"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05 2000-11-07 2004-11-02"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 1997-10-07 1997-11-06 end"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29 1997-10-30 1997-11-27 1997-12-30"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05 1997-08-10 1997-08-19 1997-08-24 end"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05 1997-08-17 1997-08-19 1997-08-31 end"),
    ],
)
def test_the_examples_of_rfc_5545_fall_on_their_days(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY", "2026-01-31 2026-02-28 2026-03-31 2026-04-30"),
        ("FREQ=MONTHLY", "2024-01-30 2024-02-29 2024-03-30 2024-04-30"),
        ("FREQ=MONTHLY;INTERVAL=18", "2024-08-31 2026-02-28 2027-08-31 2029-02-28"),
        ("FREQ=MONTHLY;BYMONTH=1,2", "2026-01-31 2026-02-28 2027-01-31 2027-02-28"),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31", "2026-01-31 2026-02-28 2026-03-30 2026-03-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30", "2007-01-15 2007-01-30 2007-02-15 2007-02-28 2007-03-15"),
        ("FREQ=YEARLY", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("FREQ=YEARLY;INTERVAL=2", "2024-02-29 2026-02-28 2028-02-29 2030-02-28"),
        ("FREQ=YEARLY;BYMONTHDAY=31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29 2025-02-28 2026-02-28"),
    ],
)
def test_a_month_without_the_day_uses_its_last_and_the_next_one_goes_back(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=-30,-31", "2026-01-02 2026-03-01 2026-03-02 2026-04-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=1", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=SA,SU", "2026-01-31 2026-05-31 2026-10-31 2027-01-31"),
        ("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=TU,SA", "2024-02-29 2028-02-29 2048-02-29"),
        ("FREQ=DAILY;BYMONTHDAY=30", "2026-01-30 2026-03-30 2026-04-30"),
    ],
)
def test_a_month_without_the_day_is_skipped_where_the_day_is_one_condition_of_several(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=YEARLY;BYWEEKNO=20", "2026-05-13 2027-05-19 2028-05-17"),  # a Wednesday
        ("FREQ=YEARLY;BYWEEKNO=1", "2018-01-01 2018-12-31 2019-12-30 2021-01-04"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTHDAY=15", "2026-05-15 2028-05-15 2029-05-15"),
        ("FREQ=YEARLY;BYMONTH=2", "2026-01-10 2026-02-10 2027-02-10"),
        ("FREQ=MONTHLY;BYMONTH=2", "2026-01-10 2026-02-10 2027-02-10"),
        ("FREQ=WEEKLY;BYMONTH=2", "2026-01-10 2026-02-07 2026-02-14"),
    ],
)
def test_the_start_says_what_the_rule_does_not(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;COUNT=1", "2026-11-20 end"),
        ("FREQ=DAILY;COUNT=3", "2026-11-20 2026-11-21 2026-11-22 end"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-11-20 2026-11-23 end"),  # the Friday counts
        ("FREQ=DAILY;UNTIL=20261121", "2026-11-20 2026-11-21 end"),
        ("FREQ=DAILY;UNTIL=20260101", "2026-11-20 end"),
        ("FREQ=DAILY", "9999-12-30 9999-12-31 end"),
        ("FREQ=WEEKLY;INTERVAL=999", "9999-12-01 end"),
        ("FREQ=WEEKLY;BYDAY=FR,SA", "9999-12-31 end"),
        ("FREQ=MONTHLY", "9999-11-30 9999-12-30 end"),
        ("FREQ=YEARLY", "9999-01-01 end"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=FR", "9999-01-01 9999-01-08 end"),
    ],
)
def test_a_series_ends(text, expected):
    check(text, expected)


@pytest.mark.parametrize(
    ("after", "not_before", "expected"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 28)),
        (date(2026, 1, 31), date(2026, 11, 20), date(2026, 11, 30)),  # what was missed doesn't pile up
        (date(2026, 1, 31), date(2026, 11, 30), date(2026, 11, 30)),
        (date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 31)),
        (date.min, date.min, date(2026, 1, 31)),
        (date.max, date.min, None),
        (date.min, date.max, date.max),
    ],
)
def test_the_next_date_is_after_one_day_and_not_before_the_other(after, not_before, expected):
    rule = Recurrence.parse("FREQ=MONTHLY")

    assert rule.next_date(date(2026, 1, 31), after, not_before) == expected


@pytest.mark.parametrize(
    ("freq", "last"), [("DAILY", "2026-09-25"), ("WEEKLY", "2043-02-16"), ("MONTHLY", "2107-03-01")]
)
def test_the_999th_date_is_the_last(freq, last):
    series = Series(Recurrence.parse(f"FREQ={freq};COUNT=999"), date(2024, 1, 1))
    end = date.fromisoformat(last)

    assert (series.next_date(series.start, end), series.next_date(series.start, end + DAY)) == (end, None)
