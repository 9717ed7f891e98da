"""Hostile input: texts, JSON values and whole bodies."""

import gzip
import json
import zlib
from base64 import urlsafe_b64encode
from contextlib import suppress

MIB = 1024 * 1024
INJECTED = "X-Injected: yes"  # in no response

# Half a character is written as the surrogate that it is; what is no UTF-8, as a surrogate of "surrogateescape".
TEXTS = {
    "nothing": "",
    "a space": " ",
    "NUL": "a\0b",
    "a lone high surrogate": "a\ud800b",
    "a lone low surrogate": "\udfff",
    "no UTF-8": "\udcff\udcfe\udcc0\udcaf",
    "a new line and a header": f"x\r\n{INJECTED}",
    "a line feed and a header": f"x\n{INJECTED}",
    "a line of the log": '"}\n{"level": "ERROR", "message": "request", "status": 200}',
    "ANSI": "\x1b[2J\x1b[31m\x9b31m\x1b]0;title\x07\x08\x7f",
    "line separators": "\u2028\u2029\x85\x0b\x0c\x1c",
    "right to left": "\u202eabc\u2066\u200f",
    "joined": "\U0001f468\u200d\U0001f469\u200d\U0001f467\ufe0f",
    "marks": "e" + "\u0301\u0323" * 500,
    "letters that grow": "\u0390\ufb03\u0130\ufdfa\u1e9e" * 60,
    "a byte order mark": "\ufeff",
    "no character": "\uffff\U0010ffff\ufdd0",
    "Arabic digits": "\u0661\u0662\u0663",
    "wide digits": "\uff11\uff12",
    "a superscript": "\u00b2",
    "1_0": "1_0",
    "1e400": "1e400",
    "minus zero": "-0",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "hexadecimal": "0x10",
    "minus one": "-1",
    "2**63": str(2**63),
    "5,000 digits": "9" * 5000,
    "a fraction": "1.5",
    "a plus": "+1",
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "a template": "{{ settings.SECRET_KEY }}{% debug %}${7*7}",
    "a format": "%s%n%(x)s{0.__class__}%",
    "SQL": "' OR 1=1; DROP TABLE users_user; --",
    "wildcards": "%_\\%\\",
    "a path": "../../../../../../etc/passwd",
    "another host": "//evil.example/%2e%2e/\\evil.example",
    "a script's address": "javascript:alert(1)",
    "much": "a" * 7000,
    "commas": "," * 1000,
    "a quote": '"',
    "a brace": "{",
    "none": "none",
    "null": "null",
    "true": "true",
    "dunder": "__proto__",
    "year 0": "0000-00-00",
    "year 9999": "9999-12-31",
    "30 February": "2025-02-30",
    "year 10000": "10000-01-01",
    "beyond the last instant": "9999-12-31T23:59:59.999999999-23:59",
    "before the first instant": "0001-01-01T00:00:00+23:59",
    "a leap second": "2016-12-31T23:59:60Z",
    "hour 24": "24:00",
    "other digits in a date": "\u0662\u0660\u0662\u0665-01-01",
    "a long count": "FREQ=DAILY;COUNT=" + "9" * 100,
    "a rare rule": "FREQ=YEARLY;INTERVAL=999;BYMONTHDAY=31;UNTIL=99991231",
    "many days": "FREQ=MONTHLY;BYDAY=" + ",".join(["MO"] * 60),
    "a rule of many lines": "FREQ=DAILY\nRRULE:FREQ=SECONDLY",
    "id of nothing": "00000000-0000-0000-0000-000000000000",
    "id in braces": "{01900000-0000-7000-8000-000000000000}",
    "id as a URN": "urn:uuid:01900000-0000-7000-8000-000000000000",
    "id in wide digits": "01900000-0000-7000-8000-" + "\uff10" * 12,
    "id on two lines": "01900000-0000-7000-8000-000000000000\n",
    "a zone that is a file": "/etc/localtime",
    "a zone above": "../zoneinfo/UTC",
    "a zone of two parts": "Europe/Zurich\0",
    "an address of two lines": f"a@example.com\nBcc: b@example.com\n{INJECTED}",
    "an address of quotes": '"a\\"@b"@example.com',
    "an address in brackets": "a@[127.0.0.1]",
    "a long address": "\u00e9" * 400 + "@" + "\u00e9" * 400 + ".com",
    "a bad punycode": "a@xn--a-\u0661.com",
}


def bomb(size: int) -> str:
    """A cursor with compressed content and a forged signature."""
    packed = zlib.compress(b"[" * size, 9)[:5000]
    return f".{urlsafe_b64encode(packed).decode().strip('=')}:{'A' * 43}"


TEXTS |= {
    "a compressed bomb": bomb(MIB),
    "a token of another kind": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "a signature alone": ":" + "A" * 43,
    "no base64": "\u00e9:\u00e9",
}


def encoded(text: str) -> bytes:
    """The bytes of the text, including invalid ones."""
    with suppress(UnicodeEncodeError):
        return text.encode()
    return b"".join(
        bytes([ord(each) - 0xDC00]) if "\udc80" <= each <= "\udcff" else each.encode("utf-8", "surrogatepass")
        for each in text
    )


# JSON for any field. Each text also comes as a string.
VALUES = {
    **{name: json.dumps(text).encode() for name, text in TEXTS.items()},
    **{
        f"{name}, as bytes": b'"' + encoded(TEXTS[name]) + b'"' for name in ("NUL", "a lone high surrogate", "no UTF-8")
    },
    "the number 1e400": b"1e400",
    "the number 1e308": b"1e308",
    "the number -1e308": b"-1e308",
    "the number 1e-400": b"1e-400",
    "the number -0.0": b"-0.0",
    "the number 1.5": b"1.5",
    "the number 2**31": b"2147483648",
    "the number 2**63": b"9223372036854775808",
    "the number -2**63 - 1": b"-9223372036854775809",
    "the number 2**64": b"18446744073709551616",
    "the number of 5,000 digits": b"9" * 5000,
    "the number 01": b"01",
    "the number NaN": b"NaN",
    "the number Infinity": b"Infinity",
    "the word true": b"true",
    "the word null": b"null",
    "a list": b"[]",
    "a list of null": b"[null]",
    "a list of everything": b'[null, 1, 1e308, "\\u0000", "a,b", {"a": []}, [[]], false]',
    "a list of 10,000": b"[" + b",".join([b'"x"'] * 10_000) + b"]",
    "an object": b"{}",
    "an object of everything": b'{"": null, "id": {"id": 1}, "__proto__": [], "a\\u0000": "\\udbff\\udfff"}',
    "30 levels": b"[" * 30 + b"]" * 30,
    "100,000 levels": b"[" * 100_000,
}

JSON, FORM, MULTIPART = b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=B"


def part(header: bytes, value: bytes = b"x") -> bytes:
    return b"--B\r\nContent-Disposition: form-data; " + header + b"\r\n\r\n" + value + b"\r\n"


def of_size(size: int) -> bytes:
    return b'{"title": "canary-of-a-size"}'.ljust(size)


LARGE_VALUES = {
    "1 MB of text": b'"' + b"x" * 1_000_000 + b'"',
    "1 MB of digits": b'"' + b"9" * 1_000_000 + b'"',
    "1 MB of space": b'"' + b" " * 1_000_000 + b'"',
    "1 MB of separators": b'"' + b"a@;,.=-" * 140_000 + b'"',
    "1 MB of escapes": b'"' + b"\\u0301" * 160_000 + b'"',
    "400,000 marks": b'"a' + "\u0301\u0323".encode() * 200_000 + b'"',
    "200,000 texts": b"[" + b",".join([b'"x"'] * 200_000) + b"]",
    "500,000 numbers": b"[" + b",".join([b"1"] * 500_000) + b"]",
    "70,000 members": b"{" + b",".join(b'"%x": 1' % each for each in range(70_000)) + b"}",
}

# Whole bodies, each with its type.
BODIES = {
    "no type": (b"", b"{}"),
    "nothing": (JSON, b""),
    "no object": (JSON, b"5"),
    "a list of lists": (JSON, b"[[]]"),
    "a list of null": (JSON, b"[null]"),
    "half": (JSON, b'{"title": "x'),
    "two": (JSON, b'{"title": "x"}{"title": "y"}'),
    "a comment": (JSON, b'{"title": "x"} // x'),
    "a byte order mark": (JSON, b'\xef\xbb\xbf{"title": "x"}'),
    "UTF-16": (JSON, '{"title": "x"}'.encode("utf-16")),
    "UTF-32": (JSON, '{"title": "x"}'.encode("utf-32-le")),
    "a name twice": (JSON, b'{"title": "x", "title": {"title": []}}'),
    "names that are no names": (JSON, b'{"": 1, "\\u0000": 2, "a.b": 3, "non_field_errors": 4, "__all__": 5}'),
    "1,000 levels": (JSON, b'{"title":' * 1000 + b"1" + b"}" * 1000),
    "33 levels": (JSON, b"[" * 33 + b"]" * 33),
    "gzip without saying so": (JSON, gzip.compress(b'{"title": "x"}')),
    "a charset that unpacks": (JSON + b"; charset=bz2_codec", b"BZh91AY&SY"),
    "two charsets": (JSON + b"; charset=utf-8; charset=utf-16", b"{}"),
    "a charset that is no text": (FORM + b"; charset=rot13", b"gvgyr=k"),
    "a charset of nothing": (FORM + b"; charset*=none''%41", b"title=x"),
    "a type of bytes": (b"application/\xff\xfe", b"{}"),
    "a type without end": (b"application/json" + b"; a=b" * 1000, b"{}"),
    "half a type": (b";", b"{}"),
    "another type": (
        b"text/xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "YAML": (b"application/yaml", b"!!python/object/apply:os.system [id]"),
    "a form of bytes": (FORM, b"title=%ff%00%ed%a0%80&%00=%ff&=&&title="),
    "a form of half escapes": (FORM, b"title=%&%u0041=%zz&title=%e2%82"),
    "a form of 1,001": (FORM, b"a=1&" * 1001),
    "a form that says PUT": (FORM, b"_method=PUT&_content_type=application/json&_content=%7B%22title%22%3A1%7D"),
    "multipart without a boundary": (b"multipart/form-data", part(b"name=title")),
    "multipart with an odd boundary": (b"multipart/form-data; boundary=" + b"\xff" * 300, part(b"name=title")),
    "multipart of nothing": (MULTIPART, b""),
    "multipart cut short": (MULTIPART, part(b"name=title")[:-9]),
    "multipart of bytes": (MULTIPART, part(b"name=\xff\0", b"\0\xff") + b"--B--\r\n"),
    "multipart in another charset": (MULTIPART, part(b"name*=utf-7''%2B2AA-") + b"--B--\r\n"),
    "multipart in base64": (
        MULTIPART,
        part(b"name=title\r\nContent-Transfer-Encoding: base64", b"!!!===") + b"--B--\r\n",
    ),
    "multipart with a file": (MULTIPART, part(b'name="title"; filename="../../a\0b.txt"') + b"--B--\r\n"),
    "multipart of 101 files": (MULTIPART, part(b"name=a; filename=f") * 101 + b"--B--\r\n"),
    "multipart with a long header": (MULTIPART, b"--B\r\nX: " + b"y" * 50_000 + b"\r\n\r\nx\r\n--B--"),
    "multipart with a header of many lines": (MULTIPART, b"--B\r\n" + b"X: y\r\n" * 5000 + b"\r\nx\r\n--B--"),
}

# Large ones are sent less often.
LARGE_BODIES = {
    "1 MiB": (JSON, of_size(MIB)),
    "1 MiB and a byte": (JSON, of_size(MIB + 1)),
    "10 MB": (JSON, of_size(10_000_000)),
    "100,000 names": (JSON, b"{" + b",".join(b'"%x":1' % each for each in range(100_000)) + b"}"),
    "100,000 times one name": (JSON, b"{" + b",".join([b'"title":1'] * 100_000) + b"}"),
    "500,000 items": (JSON, b"[" + b",".join([b"1"] * 500_000) + b"]"),
    "250,000 objects": (JSON, b"[" + b",".join([b"{}"] * 250_000) + b"]"),
    "500,000 levels": (JSON, b"[" * 500_000 + b"]" * 500_000),
    "a form of 1 MB": (FORM, b"title=" + b"%25" * 300_000),
    "a form of separators": (FORM, b"&" * 1_000_000),
    "multipart of 1 MB": (MULTIPART, part(b"name=title", b"\r\n--B" * 150_000)),
    "multipart of boundaries": (MULTIPART, b"--B\r\n" * 200_000),
}
