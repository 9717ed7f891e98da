"""Recurrences in words, as people type them: "every! 3 weeks", "every 2nd tuesday", "alle 2 Wochen", "3days", "P1M".

What isn't understood is None, and never guessed.
"""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from typing import NamedTuple

from todos.recurrence import Recurrence

DAY, WEEK, MONTH, YEAR = "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
EVERY = re.compile(
    r"(?:every|ev|each|jede[nrs]?|alle|chaque|tous les|toutes les|cada|todos los|todas las)(!?)\s+(.+)", re.IGNORECASE
)
UNITS = {
    DAY: "d day days daily tag tage tagen jour jours día días dia dias",
    WEEK: "w wk wks week weeks weekly woche wochen semaine semaines semana semanas",
    MONTH: "m mo mos mth mths month months monthly monat monate monaten mois mes meses",
    YEAR: "y yr yrs year years yearly annual annually jahr jahre jahren an ans année années año años",
}
FREQUENCIES = {word: freq for freq, words in UNITS.items() for word in words.split()}
WEEKDAYS = {
    "MO": "mon monday mondays montag lundi lunes",
    "TU": "tue tues tuesday tuesdays dienstag mardi martes",
    "WE": "wed weds wednesday wednesdays mittwoch mercredi miércoles miercoles",
    "TH": "thu thur thurs thursday thursdays donnerstag jeudi jueves",
    "FR": "fri friday fridays freitag vendredi viernes",
    "SA": "sat saturday saturdays samstag sonnabend samedi sábado sabado",
    "SU": "sun sunday sundays sonntag dimanche domingo",
}
DAYS_OF_WEEK = {word: day for day, words in WEEKDAYS.items() for word in words.split()}
MONTHS = {
    word: number
    for number, words in enumerate(
        [
            *("jan january januar", "feb february februar", "mar march märz", "apr april", "may mai"),
            *("jun june juni", "jul july juli", "aug august", "sep sept september", "oct october oktober okt"),
            *("nov november", "dec december dezember dez"),
        ],
        1,
    )
    for word in words.split()
}
NUMBERS = {"other": 2, "second": 2, "third": 3, "zweite": 2, "zwei": 2, "two": 2, "three": 3, "deux": 2, "dos": 2}
# Words of their own, as Taskwarrior has them.
WHOLE = {
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "biweekly": "FREQ=WEEKLY;INTERVAL=2",
    "fortnight": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
    "bimonthly": "FREQ=MONTHLY;INTERVAL=2",
    "quarterly": "FREQ=MONTHLY;INTERVAL=3",
    "semiannual": "FREQ=MONTHLY;INTERVAL=6",
    "yearly": "FREQ=YEARLY",
    "annual": "FREQ=YEARLY",
    "annually": "FREQ=YEARLY",
    "biannual": "FREQ=YEARLY;INTERVAL=2",
    "biyearly": "FREQ=YEARLY;INTERVAL=2",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
}
WEEKDAY_WORDS = {"weekday", "weekdays", "workday", "workdays", "werktag"}
WEEKEND_WORDS = {"weekend", "weekends", "wochenende"}
AT = re.compile(r"\s+(?:at|@|um|à|a las)?\s*(\d{1,2})(?::(\d\d))?\s*(am|pm|uhr)?$", re.IGNORECASE)
ISO = re.compile(r"P(\d{1,4})([DWMY])", re.ASCII | re.IGNORECASE)
SHORT = re.compile(r"(\d{1,4})\s*([a-z]+)", re.IGNORECASE)
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?", re.IGNORECASE)


class Repetition(NamedTuple):
    rule: str
    from_completion: bool = False
    at: time | None = None


def rule(freq: str, interval: int, *parts: str) -> str | None:
    if not 1 <= interval <= 999:
        return None
    return ";".join([f"FREQ={freq}", *([f"INTERVAL={interval}"] if interval > 1 else []), *parts])


def interval_rule(text: str) -> str | None:
    """The rule of an interval: "weekly", "3days", "2w", "P1M"."""
    text = text.strip().lower()
    if text in WHOLE:
        return WHOLE[text]
    if found := ISO.fullmatch(text):
        return rule({"D": DAY, "W": WEEK, "M": MONTH, "Y": YEAR}[found[2].upper()], int(found[1]))
    if found := SHORT.fullmatch(text):
        if freq := FREQUENCIES.get(found[2]):
            return rule(freq, int(found[1]))
        if found[2] in ("quarter", "quarters", "q", "qtrs"):
            return rule(MONTH, int(found[1]) * 3)
    return rule(FREQUENCIES[text], 1) if text in FREQUENCIES else None


def repetition(text: str) -> Repetition | None:
    """What these words mean, or None."""
    text = " ".join(text.lower().split())
    if whole := interval_rule(text):
        return Repetition(whole)
    found = EVERY.fullmatch(text)
    if not found:
        return None
    rest, at = split_time(found[2])
    made = days_rule(rest) or number_rule(rest) or date_rule(rest)
    return Repetition(made, found[1] == "!", at) if made else None


def split_time(text: str) -> tuple[str, time | None]:
    found = AT.search(text)
    if not found or not (found[2] or found[3] or " at " in text or " @ " in text):
        return text, None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] in ("am", "pm"):
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        return text, None
    return text[: found.start()], time(hour, minute)


def days_rule(text: str) -> str | None:
    """ "monday", "mon, wed and fri", "weekday"."""
    if text in WEEKDAY_WORDS:
        return WHOLE["weekdays"]
    if text in WEEKEND_WORDS:
        return "FREQ=WEEKLY;BYDAY=SA,SU"
    words = [
        word for word in re.split(r"[,\s/&]+|\s+(?:and|und|et|y)\s+", text) if word not in ("and", "und", "et", "y")
    ]
    days = [DAYS_OF_WEEK.get(word) for word in words]
    return f"FREQ=WEEKLY;BYDAY={','.join(map(str, days))}" if days and all(days) else None


def number_rule(text: str) -> str | None:
    """ "day", "3 weeks", "other month", "2nd tuesday", "last friday", "15th", "last day"."""
    words = text.split()
    if len(words) == 1 and words[0] in FREQUENCIES:
        return rule(FREQUENCIES[words[0]], 1)
    if len(words) == 1 and (found := re.fullmatch(r"(\d{1,2})(st|nd|rd|th|\.)", words[0])) and 1 <= int(found[1]) <= 31:
        return f"FREQ=MONTHLY;BYMONTHDAY={int(found[1])}"
    if len(words) != 2:
        return None
    number, unit = words
    if number == "last":
        if unit in ("day", "tag"):
            return "FREQ=MONTHLY;BYMONTHDAY=-1"
        return f"FREQ=MONTHLY;BYDAY=-1{DAYS_OF_WEEK[unit]}" if unit in DAYS_OF_WEEK else None
    ordinal = re.fullmatch(r"(\d)(st|nd|rd|th|\.)", number)
    if ordinal and unit in DAYS_OF_WEEK:
        return f"FREQ=MONTHLY;BYDAY={ordinal[1]}{DAYS_OF_WEEK[unit]}" if 1 <= int(ordinal[1]) <= 5 else None
    count = int(number) if number.isdecimal() and len(number) < 5 else NUMBERS.get(number, 0)
    if unit in DAYS_OF_WEEK and number in NUMBERS:
        return rule(WEEK, count, f"BYDAY={DAYS_OF_WEEK[unit]}")
    return rule(FREQUENCIES[unit], count) if unit in FREQUENCIES else None


def date_rule(text: str) -> str | None:
    """ "27 jan", "january 27th"."""
    words = [word.strip(",.") for word in text.split()]
    if len(words) != 2:
        return None
    for day, month in (words, words[::-1]):
        found = ORDINAL.fullmatch(day)
        if found and month in MONTHS and 1 <= int(found[1]) <= 31:
            return f"FREQ=YEARLY;BYMONTH={MONTHS[month]};BYMONTHDAY={int(found[1])}"
    return None


def first_date(text: str, today: date) -> date | None:
    """The first date of this rule from today on: words name none."""
    found = Recurrence.parse(text)
    if any(getattr(found, name) for name in ("byday", "bymonthday", "bymonth")):
        plain = replace(found, interval=1)  # every interval begins with the next one
        return plain.next_date(today - timedelta(days=400), today - timedelta(days=1), today)
    return today


def day_in_words(text: str, today: date) -> date | None:
    """ "2027-01-31", "31 Jan 2027", "Jan 31", "today": the next one where the year is missing."""
    text = text.strip().lower().replace(",", " ")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if text == "today":
        return today
    words = text.split()
    if len(words) not in (2, 3) or (len(words) == 3 and not re.fullmatch(r"\d{4}", words[2], re.ASCII)):
        return None
    for day, month in (words[:2], words[1::-1]):
        found = ORDINAL.fullmatch(day)
        if found and month.strip(".") in MONTHS:
            years = [int(words[2])] if len(words) == 3 else [today.year, today.year + 1]
            return upcoming(years, MONTHS[month.strip(".")], int(found[1]), today)
    return None


def upcoming(years: list[int], month: int, day: int, today: date) -> date | None:
    for year in years:
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today or len(years) == 1:
            return found
    return None
