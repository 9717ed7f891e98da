"""Hostile values of headers."""

import json
from collections.abc import Iterator
from itertools import count, cycle, product

from tests.hostile.atoms import JSON, TEXTS, encoded
from tests.hostile.calls import AUTHORIZATION, BASE, Attack, Call, World, request

# Values that mean something in the header, beside the texts.
SPECIAL: dict[bytes, list[bytes]] = {
    AUTHORIZATION: [
        b"Bearer",
        b"Bearer ",
        b"Bearer todo_" + b"A" * 43,
        b"Bearer todo_" + b"A" * 43 + b"\xff",
        b"Bearer\ttodo_",
        b"Bearer todo_" + "\u0661".encode() * 43,
        b"Bearer " + b"a" * 8000,
        b"Bearer " + b"x" * 64_000,
        b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        b"Bearer " + b"." * 4000,
        b"Basic " + b"A" * 4000,
        b"Basic \xff",
        b"Digest x",
        b"Token",
        b"token todo_x, Bearer todo_y",
        b"Negotiate " + b"=" * 1000,
    ],
    b"Accept": [
        b"text/html;q=NaN",
        b"*/*;q=-1",
        b"*/*;q=1e400",
        b"application/json;version=\xff",
        b"*/*;version=" + b"9" * 5000,
        b",".join([b"a/b"] * 1900),
        b",".join([b"a/*;q=0.1"] * 800),
        b"/",
        b"//",
        b"*",
        b"*/",
        b"text/html;" * 700,
        b'application/json; indent="' + b"9" * 5000 + b'"',
        b"application/json; indent=1e9",
        b"application/json;indent=-1",
        b'application/json; charset="\\',
        b"application/json; a*=none''%41",
        b"application/json; a*0*=utf-7''%2B2AA-",
        b"application/problem+json",
        b"text/html",
        b"text/*",
        b"application/vnd.oai.openapi",
        b"application/yaml",
    ],
    b"Content-Type": [
        b"application/json;charset=" + b"x" * 5000,
        b"multipart/form-data; boundary*=none''%41",
        b"a/b/c",
    ],
    b"Content-Encoding": [b"gzip", b"br", b"deflate", b"gzip, gzip, gzip", b"zstd", b"identity"],
    b"Cookie": [
        b"sessionid=" + b"x" * 7000,
        b"sessionid=\xff",
        b'sessionid="\\000"',
        b"sessionid=" + b"a" * 32,
        b"csrftoken=x",
        b";" * 4000,
        b"=;=;=",
        b"a=b; " * 1500,
        b'csrftoken="\\"\\012\\015"',
        b"messages=.eJx:x:x",
        b"sessionid=../../x",
        b'messages="' + b"[" * 3000 + b'"',
        b"__Host-sessionid=x; sessionid=y; sessionid=z",
    ],
    b"Host": [
        b"evil.example",
        b"localhost@evil.example",
        b"localhost:99999",
        b"localhost:",
        b"[::1",
        b"[::1]:x",
        b"localhost.",
        b"LOCALHOST",
        b"localhost/evil",
        b"127.0.0.1#",
        b"\xff",
        b"a" * 5000,
        b"localhost, evil.example",
        b"0x7f.1",
        b"\xd9\xa1.\xd9\xa2",
        b"localhost%00.evil.example",
        b"testserver",
        b"localhost:80\t",
        b"..",
    ],
    b"If-Match": [
        b",".join([b'"1"'] * 2000),
        b'"',
        b'"""',
        b'W/"',
        b"*,*",
        b'"2.0.0:' + b"a" * 5000 + b'"',
        b'"\xff"',
        b"W/*",
        b'"' + b"\\" * 4000 + b'"',
        b'"a" "b"',
        b"," * 4000,
        b'W/"1", *',
        b'"::::"',
    ],
    b"Idempotency-Key": [b"a" * 255, b"a" * 256, b"a b", b"\xff", b"a\tb", b"~!@#$%^&*()", b'"key"', b"a,b"],
    b"X-Request-ID": [b"a" * 64, b"a" * 65, b"..", b"a\tb", b"\xff", b"a%0d%0ab", b"-"],
    b"Range": [
        b"bytes=0-0",
        b"bytes=-1",
        b"bytes=9-1",
        b"bytes=" + b"0-0," * 1900,
        b"bytes=" + b"9" * 5000 + b"-",
        b"lines=1-",
    ],
    b"If-Modified-Since": [b"Mon, 99 Foo 99999 99:99:99 GMT", b"Thu, 01 Jan 1970 00:00:00 GMT", b"9" * 5000, b"0"],
    b"Expect": [b"100-continue", b"200-ok", b"100-continue, 100-continue", b"\xff"],
    b"Upgrade": [b"websocket", b"h2c", b"TLS/1.0, HTTP/2.0", b"\xff"],
    b"X-HTTP-Method-Override": [b"DELETE", b"TRACE", b"CONNECT"],
    b"X-Forwarded-For": [
        b"127.0.0.1",
        b"::1",
        b"1.2.3.4, " * 900,
        b"999.999.999.999",
        b"fe80::1%eth0",
        b"'; --",
        b"\xff",
    ],
    b"X-Forwarded-Proto": [b"https", b"https, http", b"javascript"],
    b"X-Forwarded-Host": [b"evil.example", b"localhost, evil.example"],
    b"Forwarded": [b'for="[::1]";host=evil.example;proto=https'],
    b"Origin": [b"null", b"https://evil.example", b"http://[", b"http://localhost:99999", b"\xff"],
    b"Referer": [b"https://evil.example/", b"http://[", b"http://]/", b"javascript:", b"http://[::1", b"http://a\xff/"],
    b"Accept-Encoding": [b"gzip;q=NaN", b"gzip, " * 1000, b"\xff", b"*;q=0", b"identity;q=0"],
    b"Accept-Language": [b"x-" * 3000, b"en;q=9, de;q=-1", b"../../etc/passwd", b"\xff"],
    b"X-CSRFToken": [b"x", b"a" * 64, b"\xff"],
    b"X-Requested-With": [b"XMLHttpRequest"],
    b"Connection": [b"keep-alive, Authorization, Host", b"\xff", b"TE, Upgrade"],
    b"TE": [b"trailers, gzip;q=NaN"],
    b"Access-Control-Request-Method": [b"DELETE", b"\xff"],
}
SPECIAL[b"If-None-Match"] = SPECIAL[b"If-Match"]


def in_headers(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    plain = [call for call in all_calls if not call.hashes and call.path not in ("schema/", "auth/logout/")]
    turns, numbers = cycle(plain), count(200_000)
    texts = [encoded(text) for text in TEXTS.values()]
    for header, special in SPECIAL.items():
        for value in [*special, *texts]:
            for call in [next(turns)] * (1 if value in texts else 2):
                mine = () if header == AUTHORIZATION else ((AUTHORIZATION, world.bearer()),)
                kind = () if header == b"Content-Type" else ((b"Content-Type", JSON),)
                body = json.dumps(call.example(world, next(numbers))).encode() if call.fields else b""
                sent = request(call.method, call.target(world), (*mine, *kind, (header, value)), body)
                name = f"{header.decode()} {call.method} {call.path} {value[:30]!r}"
                yield Attack("header", name, sent, call.method, header == b"Accept")
    pages = (
        "/",
        "/admin/login/",
        "/api-auth/login/",
        "/static/nothing.css",
        "/healthz",
        "/readyz",
        "/set-password/x/y/",
    )
    for path, header in product(pages, SPECIAL):
        for value in SPECIAL[header][::3]:
            sent = request("GET", path, [(header, value)])
            yield Attack("header of a page", f"{path} {header.decode()} {value[:30]!r}", sent, is_page=True)
    for (name, text), header in product(TEXTS.items(), (b"X-Odd", b"")):
        line = (encoded(text) or b" ", b"x") if not header else (header, encoded(text))
        yield Attack("header's name" if not header else "unknown header", name, request("GET", BASE, [line]))
