"""A series that goes on under another rule, and how much of its COUNT is used up."""

from datetime import date

import pytest

from todos.recurrence import Recurrence, Series


def series(text: str, start: str, **more) -> Series:
    return Series(Recurrence.parse(text), date.fromisoformat(start), **more)


def dates(series: Series, limit: int = 4) -> str:
    found: list[date | None] = [series.start]
    while found[-1] and len(found) < limit:
        found.append(series.next_date(found[-1]))
    return " ".join(str(day or "end") for day in found)


def changed(series: Series, text: str, at: str) -> Series:
    return series.with_rule(Recurrence.parse(text), date.fromisoformat(at))


@pytest.mark.parametrize(
    ("text", "start", "day", "expected"),
    [
        ("FREQ=MONTHLY", "2027-02-28", 31, "2027-02-28 2027-03-31 2027-04-30 2027-05-31"),
        ("FREQ=MONTHLY;INTERVAL=2", "2027-02-28", 30, "2027-02-28 2027-04-30 2027-06-30 2027-08-30"),
        ("FREQ=YEARLY", "2030-02-28", 29, "2030-02-28 2031-02-28 2032-02-29 2033-02-28"),
        ("FREQ=YEARLY;BYMONTH=1,2", "2030-02-28", 31, "2030-02-28 2031-01-31 2031-02-28 2032-01-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=5", "2027-02-28", 31, "2027-02-28 2027-03-05 2027-04-05 2027-05-05"),
        ("FREQ=WEEKLY", "2027-02-28", 31, "2027-02-28 2027-03-07 2027-03-14 2027-03-21"),
    ],
)
def test_the_day_that_the_series_was_set_for_is_wanted_where_the_rule_names_none(text, start, day, expected):
    assert dates(series(text, start, day=day)) == expected


@pytest.mark.parametrize(
    ("text", "start", "another", "at", "expected"),
    [
        ("FREQ=MONTHLY", "2027-01-31", "FREQ=MONTHLY;UNTIL=20271231", "2027-02-28", "2027-03-31 2027-04-30"),
        ("FREQ=YEARLY", "2024-02-29", "FREQ=YEARLY;UNTIL=20401231", "2029-02-28", "2030-02-28 2031-02-28 2032-02-29"),
        ("FREQ=MONTHLY", "2027-01-31", "FREQ=YEARLY", "2027-02-28", "2028-02-29 2029-02-28"),
        ("FREQ=YEARLY", "2024-02-29", "FREQ=MONTHLY", "2029-02-28", "2029-03-29 2029-04-29"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,31", "2027-01-15", "FREQ=MONTHLY", "2027-02-28", "2027-03-31 2027-04-30"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,31", "2027-01-31", "FREQ=MONTHLY", "2027-03-01", "2027-04-01 2027-05-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-02-28", "FREQ=MONTHLY", "2027-03-31", "2027-04-30 2027-05-31"),
        ("FREQ=MONTHLY", "2027-01-15", "FREQ=MONTHLY;INTERVAL=2", "2027-02-15", "2027-04-15 2027-06-15"),
        ("FREQ=MONTHLY", "2027-01-31", "FREQ=WEEKLY;INTERVAL=2", "2027-02-28", "2027-03-14 2027-03-28"),
        ("FREQ=WEEKLY", "2027-01-31", "FREQ=MONTHLY", "2027-02-28", "2027-03-28 2027-04-28"),
    ],
)
def test_another_rule_counts_from_there_and_keeps_the_day(text, start, another, at, expected):
    following = changed(series(text, start), another, at)

    assert dates(following, 1 + len(expected.split())) == f"{at} {expected}"


def test_the_day_is_still_wanted_after_several_changes():
    monthly = series("FREQ=MONTHLY", "2027-01-31")

    following = changed(changed(monthly, "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-02-28"), "FREQ=MONTHLY", "2027-04-30")

    assert dates(following) == "2027-04-30 2027-05-31 2027-06-30 2027-07-31"


def test_count_counts_the_whole_series():
    daily = series("FREQ=DAILY;COUNT=9", "2027-01-01")

    following = changed(daily, "FREQ=WEEKLY;COUNT=5", "2027-01-03")  # the third

    assert following == series("FREQ=WEEKLY;COUNT=5", "2027-01-03", day=3, already=2)
    assert dates(following) == "2027-01-03 2027-01-10 2027-01-17 end"


def test_a_count_that_is_used_up_leaves_none():
    following = changed(series("FREQ=DAILY", "2027-01-01"), "FREQ=DAILY;COUNT=3", "2027-01-09")

    assert dates(following) == "2027-01-09 end"


@pytest.mark.parametrize(
    ("text", "day", "expected"),  # the start, 2027-01-01, is the third
    [
        ("FREQ=DAILY", "2026-12-31", 2),
        ("FREQ=DAILY", "2027-01-01", 3),
        ("FREQ=DAILY", "2027-01-10", 12),
        ("FREQ=DAILY;COUNT=9", "2027-01-10", 12),  # COUNT is what this is compared with
        ("FREQ=DAILY;UNTIL=20270103", "2027-01-10", 5),
        ("FREQ=DAILY;UNTIL=20260103", "2027-01-10", 3),
        ("FREQ=DAILY;INTERVAL=3", "2027-01-10", 6),
        ("FREQ=WEEKLY;BYDAY=TH,SU", "2027-01-09", 5),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,SU", "2027-01-16", 5),
        ("FREQ=MONTHLY;BYMONTHDAY=1,2,3", "2027-02-02", 7),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,2,3", "2027-02-28", 5),
        ("FREQ=YEARLY;BYDAY=MO", "2028-01-04", 56),
        ("FREQ=DAILY", "2029-09-22", 998),
    ],
)
def test_what_was_passed_is_counted_and_what_was_skipped_too(text, day, expected):
    assert series(text, "2027-01-01", already=2).passed(date.fromisoformat(day)) == expected


@pytest.mark.parametrize("text", ["FREQ=DAILY", "FREQ=DAILY;BYDAY=MO,TU", "FREQ=YEARLY;BYDAY=MO,TU,WE", "FREQ=MONTHLY"])
def test_counting_tells_that_it_was_more_than_999(text):
    assert series(text, "2027-01-01").passed(date.max) > 999


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("FREQ=DAILY;COUNT=5", "2027-01-01", "FREQ=DAILY;COUNT=4"),
        ("FREQ=DAILY;COUNT=5", "2027-01-03", "FREQ=DAILY;COUNT=2"),
        ("FREQ=DAILY;COUNT=5", "2027-01-04", "FREQ=DAILY;COUNT=1"),
        ("FREQ=DAILY;COUNT=5", "2027-03-01", "FREQ=DAILY;COUNT=1"),  # there is this one at least
        ("FREQ=DAILY;UNTIL=20270301", "2027-01-04", "FREQ=DAILY;UNTIL=20270301"),
        ("FREQ=DAILY", "2027-01-04", "FREQ=DAILY"),
    ],
)
def test_a_series_written_from_a_later_date_on_has_what_is_left_of_count(text, at, expected):
    assert str(series(text, "2027-01-01", already=1).rule_at(date.fromisoformat(at))) == expected
