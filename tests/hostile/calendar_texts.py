"""iCalendar that nobody should send."""

from collections.abc import Iterator

from testing.calendars import calendar

MANY = "\r\n".join(f"X-{n}:x" for n in range(20_001))
DATES: tuple[str, ...] = (
    "00000000",
    "99999999",
    "00000101",
    "00010101",
    "99991231",
    "20270230",
    "00010101T000000Z",
    "99991231T235959Z",
)
DATES += ("20270101T996099", "20270101T000000ZZ", "-20270101", "٢٠٢٧٠١٠١", "", "2027-01-01", "20270101T000060")
DURATIONS: tuple[str, ...] = ("P99999W", "PT99999999S", "-P99999D", "P", "PT", "P1Y", "P99999999999D", "+P1DT", "x")
RULES: tuple[str, ...] = (
    "",
    "FREQ=HOURLY",
    "FREQ=SECONDLY;COUNT=1",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=DAILY;INTERVAL=0",
)
RULES += (
    "FREQ=NEVER",
    "COUNT=1",
    f"FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 400)}",
    "FREQ=DAILY;UNTIL=99999999",
    "x" * 600,
)
RULES += (
    "FREQ=DAILY;COUNT=99999999999999999999",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;UNTIL=00010101T000000Z",
)
RULES += (
    "FREQ=YEARLY;BYDAY=53MO;BYWEEKNO=-53",
    "FREQ=DAILY;FREQ=DAILY",
    "FREQ=MONTHLY;BYSETPOS=-366;BYDAY=MO",
    ";;=;=",
    "FREQ=DAILY;COUNT=²",
)
ZONES: tuple[str, ...] = (
    "Nothing/Here",
    "W. Europe Standard Time",
    "../../../etc/passwd",
    "/etc/passwd",
    "Europe",
    "",
    "x" * 5000,
    "a\\b",
    "America/",
)


def todos() -> Iterator[tuple[str, str | bytes]]:
    """Texts of tasks."""
    for date in DATES:
        for name in ("DUE", "DTSTART", "COMPLETED", "CREATED", "RECURRENCE-ID", "EXDATE"):
            yield f"{name} {date}", calendar(f"{name}:{date}", "RRULE:FREQ=DAILY;COUNT=3", "DTSTAMP:x")
    for duration in DURATIONS:
        start = ("DTSTART:20270101T090000", f"DURATION:{duration}")
        yield f"DURATION {duration}", calendar(*start)
        yield f"DURATION {duration} from year 9999", calendar("DTSTART:99991231T235959Z", start[1])
        yield (
            f"TRIGGER {duration}",
            calendar(*start, "BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{duration}", "END:VALARM"),
        )
    for rule in RULES:
        yield f"RRULE {rule[:40]}", calendar("DUE;VALUE=DATE:20270131", f"RRULE:{rule}")
        yield f"RRULE {rule[:40]} without a date", calendar(f"RRULE:{rule}", "STATUS:COMPLETED")
    for zone in ZONES:
        yield (
            f"TZID {zone[:40]}",
            calendar(f"DUE;TZID={zone}:20270101T090000", f'DTSTART;TZID="{zone}":20270101T080000'),
        )
    for value in ("abc", "-1", "10", "٣", "9" * 5000, "1.5", "", "²"):
        for name in ("PRIORITY", "PERCENT-COMPLETE", "SEQUENCE", "X-APPLE-SORT-ORDER"):
            yield f"{name} {value[:10]}", calendar(f"{name}:{value}", "SUMMARY:x")
    for name in ("SUMMARY", "DESCRIPTION", "CATEGORIES", "RELATED-TO", "LOCATION", "URL", "CLASS", "STATUS"):
        for what, value in TEXTS.items():
            yield f"{name} of {what}", calendar(f"{name}:{value}")
    yield from shapes()


TEXTS = {
    "nothing": "",
    "white space": " \t ",
    "control characters": "a\x01\x07\x1b[2Jb\x7f\x85\u2028",
    "no characters": "\ufffe\uffff\u200b\u200d\ufeff",
    "backslashes": "\\" * 1001,
    "90,000 characters": "x" * 90_000,
    "200,000 characters": "x" * 200_000,
    "markup": "]]></c:calendar-data><d:x>&amp;&#0;",
    "commas": "," * 20_000,
    "10,000 names": ",".join(f"tag {n}" for n in range(10_000)),
    "line breaks": "\\n" * 5_000 + "END:VCALENDAR",
    "a lone carriage return": "a\rEND:VTODO\rb",
    "right to left": "\u202e\u05d0\u0600" * 200,
    "combining characters": "a" + "\u0301" * 5_000,
}


def shapes() -> Iterator[tuple[str, str | bytes]]:
    plain = calendar("SUMMARY:x")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM")
    deep = calendar(*["BEGIN:X"] * 1000, *["END:X"] * 1000)
    zone = (
        "BEGIN:VTIMEZONE",
        "TZID:X",
        "BEGIN:STANDARD",
        "TZOFFSETTO:+9999",
        "DTSTART:x",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
    exception = calendar("RECURRENCE-ID:20270131", "STATUS:COMPLETED").split("\r\n")[3:7]
    yield from {
        "no calendar": "Hello",
        "unterminated": plain.partition("END:VTODO")[0],
        "unterminated calendar": plain.partition("END:VCALENDAR")[0],
        "ends alone": "END:VCALENDAR\r\n",
        "ends crossed": plain.replace("END:VTODO", "END:X").replace("END:VCALENDAR", "END:VTODO"),
        "1,000 nested": deep,
        "1,000 nested unterminated": deep.partition("END:X")[0],
        "20,001 lines": calendar(*MANY.split("\r\n")),
        "19,000 lines": calendar(*MANY.split("\r\n")[:19_000]),
        "900,000 blank lines": plain + "\n" * 900_000,
        "100,000 folds": calendar("SUMMARY:" + "\r\n x" * 100_000),
        "folded in a character": calendar("SUMMARY:Zürich").encode().replace(b"\xc3\xbc", b"\xc3\r\n \xbc"),
        "folded names": plain.replace("SUMMARY", "SUM\r\n MARY").replace("BEGIN:VTODO", "BEG\r\n IN:VTODO"),
        "begins folded": " " + plain,
        "lone line feeds": plain.replace("\r\n", "\n"),
        "carriage returns": plain.replace("\r\n", "\r"),
        "byte order mark": b"\xef\xbb\xbf" + plain.encode(),
        "UTF-16": plain.encode("utf-16"),
        "latin-1": calendar("SUMMARY:Zürich").encode("latin-1"),
        "surrogate as bytes": plain.encode().replace(b":x", b":\xed\xa0\x80"),
        "null characters": plain.replace(":x", ":\0"),
        "METHOD": plain.replace("VERSION", "METHOD:REQUEST\r\nVERSION"),
        "two calendars": plain + plain,
        "no component": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "a time zone alone": "\r\n".join(["BEGIN:VCALENDAR", *zone, "END:VCALENDAR", ""]),
        "a broken time zone": plain.replace("BEGIN:VTODO", "\r\n".join([*zone, "BEGIN:VTODO"])),
        "a task in a task": calendar("BEGIN:VTODO", "UID:2", "END:VTODO"),
        "a calendar in a task": calendar("BEGIN:VCALENDAR", "END:VCALENDAR"),
        "no UID": plain.replace("UID:uid-1\r\n", ""),
        "UID of nothing": plain.replace("uid-1", ""),
        "UID of spaces and one letter": plain.replace("uid-1", " " * 10_000 + "x"),
        "two UIDs": calendar("UID:uid-2"),
        "UID of 500 characters": calendar(uid="ü" * 500),
        "UID of 501 characters": calendar(uid="x" * 501),
        "UID of 10,000 characters": calendar(uid="x" * 10_000),
        "UID of markup": calendar(uid='"><&/../%2e%2e/\u202e'),
        "UID of control characters": calendar(uid="a\x01\x1f"),
        "UID of escaped line breaks": calendar(uid="a\\nEND:VTODO\\n"),
        "two tasks": plain.replace("END:VCALENDAR\r\n", "") + calendar(uid="uid-2").partition("EN\r\n")[2],
        "a journal": calendar(kind="VJOURNAL"),
        "an unknown kind": calendar(kind="VBREW"),
        "an event and a task": plain.replace(
            "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:uid-1\r\nEND:VEVENT\r\nEND:VCALENDAR"
        ),
        "1,000 alarms": calendar("DUE:20270131T090000Z", *alarm * 1000),
        "alarms of alarms": calendar(*["BEGIN:VALARM"] * 5, "TRIGGER:-PT5M", *["END:VALARM"] * 5),
        "an alarm without a trigger": calendar("BEGIN:VALARM", "END:VALARM"),
        "alarms at the ends of the calendar": calendar(
            *(line.replace("-PT5M", "00010101T000000Z") for line in alarm),
            *(line.replace("-PT5M", "99991231T235959") for line in alarm),
        ),
        "related to itself": calendar("RELATED-TO:uid-1"),
        "related to its child": calendar("RELATED-TO:child", uid="one"),
        "related to the deepest": calendar("RELATED-TO:level 5"),
        "related to a finished one": calendar("RELATED-TO:done"),
        "related to many": calendar(*(f"RELATED-TO;RELTYPE=PARENT:{n}" for n in range(10_000))),
        "related to 10,000 characters": calendar(f"RELATED-TO:{'x' * 10_000}"),
        "an exception alone": calendar("RECURRENCE-ID:20270131T090000Z", "STATUS:COMPLETED"),
        "1,000 exceptions": calendar("DUE;VALUE=DATE:20270131", "RRULE:FREQ=DAILY").replace(
            "END:VCALENDAR", "\r\n".join([*exception * 1000, "END:VCALENDAR"])
        ),
        "10,000 parameters": calendar(f"SUMMARY{''.join(f';X{n}=y' for n in range(10_000))}:x"),
        "quotes that don't end": calendar('SUMMARY;ALTREP="x:y', 'DUE;TZID="Europe/Zurich:20270101'),
        "lines that aren't": calendar("no colon", ":", ";:", "X;=:", "A B:C", "ÄÖ:x"),
        "dates turned around": calendar("DTSTART:20270201", "DUE:20270101T000000Z", "DURATION:-P1D"),
        "many of each": calendar(
            *["DUE:20270101", "SUMMARY:x", "RRULE:FREQ=DAILY", "STATUS:COMPLETED", "CATEGORIES:a"] * 1000
        ),
        "completed in the future": calendar("COMPLETED:99990101T000000Z", "STATUS:COMPLETED"),
        "created in year 1": calendar("CREATED:00010101T000000Z"),
        "an archive of gzip": b"\x1f\x8b\x08\x00" + b"\0" * 100,
    }.items()
