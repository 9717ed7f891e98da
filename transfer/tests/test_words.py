"""Recurrences in words: what is understood, and what is not guessed."""

from datetime import date, time

import pytest

from todos.recurrence import Recurrence
from transfer.sources.words import Repetition, day_in_words, first_date, interval_rule, repetition

TODAY = date(2026, 11, 29)  # a Sunday


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("every day", "FREQ=DAILY"),
        ("Every Day", "FREQ=DAILY"),
        ("ev 2 weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("every other month", "FREQ=MONTHLY;INTERVAL=2"),
        ("every mon, wed and fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every other tuesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("every 2nd tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
        ("every last friday", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("every 27 jan", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=27"),
        ("every january 27th", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=27"),
        ("daily", "FREQ=DAILY"),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
        ("alle 2 Wochen", "FREQ=WEEKLY;INTERVAL=2"),
        ("jeden Monat", "FREQ=MONTHLY"),
        ("tous les jours", "FREQ=DAILY"),
        ("toutes les 3 semaines", "FREQ=WEEKLY;INTERVAL=3"),
        ("cada lunes", "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_what_is_understood(words, rule):
    assert repetition(words) == Repetition(rule)
    assert Recurrence.parse(rule)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("every! 3 weeks", Repetition("FREQ=WEEKLY;INTERVAL=3", from_completion=True)),
        ("every day at 9am", Repetition("FREQ=DAILY", at=time(9))),
        ("every monday at 18:30", Repetition("FREQ=WEEKLY;BYDAY=MO", at=time(18, 30))),
        ("jeden Montag um 9:30", Repetition("FREQ=WEEKLY;BYDAY=MO", at=time(9, 30))),
    ],
)
def test_what_is_counted_from_completion_and_at_what_time(words, found):
    assert repetition(words) == found


@pytest.mark.parametrize(
    "words",
    [
        *("", "every", "every full moon", "every 2", "every hour", "every 3 hours", "every day starting 1 May"),
        *(
            "every day until July",
            "every 9th tuesday",
            "every 32nd",
            "every 5000 days",
            "毎日",
            "tomorrow",
            "every 30 feb x",
        ),
        *("every day at 25:00", "every 1000 weeks", "every 0 days"),
    ],
)
def test_what_is_not_understood_is_not_guessed(words):
    assert repetition(words) is None


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("3days", "FREQ=DAILY;INTERVAL=3"),
        ("2w", "FREQ=WEEKLY;INTERVAL=2"),
        ("1mo", "FREQ=MONTHLY"),
        ("P1M", "FREQ=MONTHLY"),
        ("P10D", "FREQ=DAILY;INTERVAL=10"),
        ("2q", "FREQ=MONTHLY;INTERVAL=6"),
        ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("PT1H", None),
        ("3h", None),
        ("60min", None),
        ("P1Y2M", None),
        ("0d", None),
    ],
)
def test_intervals_of_taskwarrior_and_todo_txt(words, rule):
    assert interval_rule(words) == rule


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2026-11-29"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-11-30"),
        ("FREQ=WEEKLY;BYDAY=SU", "2026-11-29"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2026-12-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-30"),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=27", "2027-01-27"),
    ],
)
def test_words_without_a_date_begin_on_the_first_one(rule, first):
    assert first_date(rule, TODAY) == date.fromisoformat(first)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("2027-01-31", "2027-01-31"),
        ("31 Jan 2027", "2027-01-31"),
        ("Jan 31, 2027", "2027-01-31"),
        ("May 1", "2027-05-01"),
        ("30 Nov", "2026-11-30"),
        ("today", "2026-11-29"),
        ("30 Feb", None),
        ("next week", None),
        ("31.1.", None),
        ("2027-02-30", None),
    ],
)
def test_dates_in_words(words, day):
    assert day_in_words(words, TODAY) == (day and date.fromisoformat(day))
