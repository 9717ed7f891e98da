"""Bytes that violate HTTP/1.1 (RFC 9112), each with the statuses of its responses in order."""

import gzip
import zlib
from dataclasses import dataclass

from tests.hostile.atoms import MIB

OK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"  # would be a 404
POST = b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"


def get(line: bytes = b"", target: bytes = b"/healthz", method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    return b"%s %s %s\r\nHost: localhost\r\n%s\r\n" % (method, target, version, line)


def chunks(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts) + end


@dataclass
class Stretch:
    name: str
    sent: bytes
    statuses: tuple[int, ...]
    says_more: bool = False  # the client keeps its side open, and waits


def stretch(name: str, sent: bytes, *statuses: int, says_more: bool = False) -> Stretch:
    return Stretch(name, sent, statuses, says_more)


LINES = [
    stretch("nothing", b""),
    stretch("an empty line", b"\r\n"),
    stretch("empty lines, then a request", b"\r\n" * 10 + OK, 200),
    stretch("garbage", b"\0\1\2\3\r\n\r\n", 400),
    stretch("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    stretch("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", 400),
    stretch("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    stretch("a request in HTTP/2.0", get(version=b"HTTP/2.0"), 400),
    stretch("HTTP/0.9", b"GET /healthz\r\n\r\n", 400),
    stretch("HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n", 200),
    stretch("HTTP/1.0 that wants more", b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + OK, 200),
    stretch("HTTP/1.2", get(version=b"HTTP/1.2"), 400),
    stretch("HTTP/9.9", get(version=b"HTTP/9.9"), 400),
    stretch("a version in other digits", get(version="HTTP/\u0661.\u0661".encode()), 400),
    stretch("another protocol", get(version=b"ICY/1.1"), 400),
    stretch("no target", b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    stretch("two targets", get(target=b"/healthz /nope"), 400),
    stretch("a target of bytes", get(target=b"/\xff\x00"), 400),
    stretch("a target with a tab", get(target=b"/healthz\t"), 400),
    stretch("a fragment", get(target=b"/healthz#x"), 200),
    stretch("an absolute form", get(target=b"http://localhost/healthz"), 200),
    stretch("an absolute form of another host", get(target=b"http://evil.example/healthz"), 200),
    stretch("an absolute form of another scheme", get(target=b"ftp://localhost/healthz"), 200),
    stretch("an absolute form without a path", get(target=b"http://localhost"), 400),
    stretch("an absolute form of a user", get(target=b"http://a:b@localhost:x/healthz"), 400),
    stretch("an asterisk", get(target=b"*", method=b"OPTIONS"), 404),
    stretch("an asterisk to read", get(target=b"*"), 404),
    stretch("an authority", get(target=b"localhost:80"), 400),
    stretch("CONNECT", get(target=b"localhost:80", method=b"CONNECT"), 400),
    stretch("CONNECT a path", get(method=b"CONNECT"), 400),
    stretch("an unknown method", get(method=b"BREW"), 400),
    stretch("a method in lower case", get(method=b"get"), 400),
    stretch("a long method", get(method=b"A" * 9000), 400),
    stretch("a method of bytes", get(method=b"GE\xc3\x89T"), 400),
    stretch("a method with a line", get(method=b"GET\nX"), 400),
    stretch("a long target", get(target=b"/" + b"a" * 9000), 414),
    stretch("a longer target", get(target=b"/" + b"a" * 60_000), 414),
    stretch("dots", get(target=b"/static/../../../../etc/passwd"), 404),
    stretch("encoded dots", get(target=b"/static/%2e%2e/%2e%2e/%2e%2e%2fetc%2fpasswd"), 404),
    stretch("dots twice encoded", get(target=b"/static/%252e%252e/config/settings.py"), 404),
    stretch("backslashes", get(target=b"/static/..\\..\\.env"), 404),
    stretch("half an escape", get(target=b"/%"), 404),
    stretch("a bad escape", get(target=b"/%zz%u0041"), 404),
]

HEADERS = [
    stretch("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    stretch("two hosts", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    stretch("an empty host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    stretch("a space before the colon", get(b"Content-Length : 5\r\n"), 400),
    stretch("a space before the name", get(b" X: y\r\n"), 400),
    stretch("a folded header", get(b"X: a\r\n b\r\n"), 400),
    stretch("no name", get(b": x\r\n"), 400),
    stretch("no colon", get(b"X\r\n"), 400),
    stretch("a NUL in a value", get(b"X: a\0b\r\n"), 400),
    stretch("a NUL in a name", get(b"X\0Y: b\r\n"), 400),
    stretch("a CR in a value", get(b"X: a\rb\r\n"), 400),
    stretch("bare line feeds", b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
    stretch("a bare line feed", b"GET /healthz HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400),
    stretch("bytes in a value", get(b"X: \xff\xfe\x80\r\n"), 200),
    stretch("a name of bytes", get(b"\xc3\xa9: x\r\n"), 400),
    stretch("underscores", get(b"CONTENT_LENGTH: 5\r\nTransfer_Encoding: chunked\r\n"), 200),
    stretch("64 headers", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 63 + b"\r\n", 200),
    stretch("65 headers", b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 65 + b"\r\n", 431),
    stretch("10,000 headers", b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", 431),
    stretch("a long value", get(b"X: " + b"y" * 9000 + b"\r\n"), 431),
    stretch("a value of 60 KB", get(b"X: " + b"y" * 60_000 + b"\r\n"), 431),
    stretch("a long name", get(b"X" * 9000 + b": y\r\n"), 431),
    stretch(
        "an upgrade to a WebSocket",
        get(
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        ),
        200,
    ),
    stretch(
        "an upgrade to HTTP/2",
        get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")
        + OK,
        200,
        200,
    ),
    stretch("a header that the proxy sets", get(b"Connection: close, X-Forwarded-For\r\n"), 200),
]

BODIES = [
    stretch("no length", POST + b"\r\n", 400),
    stretch("a length without a body, then the end", POST + b"Content-Length: 5\r\n\r\n"),
    stretch("half a body, then the end", POST + b"Content-Length: 100\r\n\r\n{}"),
    stretch("half a head, then the end", b"GET /healthz HTTP/1.1\r\nHost: loc"),
    stretch("a body of a GET", get(b"Content-Length: 2\r\n") + b"{}" + OK, 200, 200),
    stretch("more than the length", POST + b"Content-Length: 2\r\n\r\n{}" + OK, 400, 200),
    stretch("a negative length", POST + b"Content-Length: -1\r\n\r\n", 400),
    stretch("a length with a sign", POST + b"Content-Length: +2\r\n\r\n{}", 400),
    stretch("a length in hexadecimal", POST + b"Content-Length: 0x2\r\n\r\n{}", 400),
    stretch("a length in other digits", POST + "Content-Length: \u0662\r\n\r\n{}".encode(), 400),
    stretch("a length of 1_0", POST + b"Content-Length: 1_0\r\n\r\n{}", 400),
    stretch("a length of 2**64", POST + b"Content-Length: 18446744073709551616\r\n\r\n{}", 400),
    stretch("a length of 5,000 digits", POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", 400),
    stretch("an empty length", POST + b"Content-Length:\r\n\r\n{}", 400),
    stretch("a list of lengths", POST + b"Content-Length: 2, 2\r\n\r\n{}", 400),
    stretch("two lengths", POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}" + SMUGGLED, 400),
    stretch("one length twice", POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED, 400),
    stretch(
        "a length too large, waiting",
        POST + b"Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n",
        413,
        says_more=True,
    ),
    stretch(
        "a length and chunks",
        POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        400,
    ),
    stretch("chunks and a length", CHUNKED + b"Content-Length: 6\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
    stretch("chunks", CHUNKED + b"\r\n" + chunks(b"{", b"}") + OK, 400, 200),
    stretch("chunks in capitals", POST + b"Transfer-Encoding: CHUNKED\r\n\r\n" + chunks(b"{}") + OK, 400, 200),
    stretch("another coding", POST + b"Transfer-Encoding: gzip\r\n\r\n{}" + SMUGGLED, 400),
    stretch(
        "chunks that are not last", POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + chunks(b"{}") + SMUGGLED, 400
    ),
    stretch("an odd coding", POST + b"Transfer-Encoding: xchunked\r\n\r\n" + chunks(b"{}") + SMUGGLED, 400),
    stretch("a coding after a tab", POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + chunks(b"{}") + SMUGGLED, 400),
    stretch("two codings", CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + chunks(b"{}") + SMUGGLED, 400),
    stretch("chunks in HTTP/1.0", CHUNKED.replace(b"1.1", b"1.0") + b"\r\n" + chunks(b"{}") + SMUGGLED, 400),
    stretch("a chunk's size in words", CHUNKED + b"\r\nxyz\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a negative chunk", CHUNKED + b"\r\n-2\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a chunk's size of 0x2", CHUNKED + b"\r\n0x2\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a chunk's size of 2**64", CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a chunk's size of 5,000 digits", CHUNKED + b"\r\n" + b"0" * 5000 + b"2\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a chunk that is longer", CHUNKED + b"\r\n1\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a chunk that is shorter", CHUNKED + b"\r\n3\r\n{}\r\n0\r\n\r\n", 400),
    stretch("chunks of bare line feeds", CHUNKED + b"\r\n2\n{}\n0\n\n", 400),
    stretch("an extension of a chunk", CHUNKED + b"\r\n2;a=b;c\r\n{}\r\n0\r\n\r\n", 400),
    stretch("a long extension of a chunk", CHUNKED + b"\r\n2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n", 400),
    stretch(
        "trailers",
        get(b"Transfer-Encoding: chunked\r\n", b"/api/v1/") + chunks(end=b"0\r\nHost: evil\r\n\r\n") + OK,
        200,
        200,
    ),
    stretch(
        "a trailer that is a length", CHUNKED + b"\r\n" + chunks(b"{}", end=b"0\r\nContent-Length: 9\r\n\r\n"), 400
    ),
    stretch(
        "endless trailers", CHUNKED + b"\r\n" + chunks(b"{}", end=b"0\r\n" + b"X: y\r\n" * 20_000), 431, says_more=True
    ),
    stretch("chunks cut short", CHUNKED + b"\r\n" + chunks(b"{}", end=b"")),
    stretch("chunks without end", CHUNKED + b"\r\n" + chunks(*[b" " * 65_536] * 40, end=b""), 413, says_more=True),
    stretch("chunks of one byte", CHUNKED + b"\r\n" + chunks(*[b" "] * 100_000), 400),
    stretch(
        "a bomb of gzip",
        POST
        + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb := gzip.compress(b" " * 50 * MIB, mtime=0))
        + bomb,
        415,
    ),
    stretch(
        "a bomb of deflate",
        POST
        + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(bomb := zlib.compress(b" " * 50 * MIB))
        + bomb,
        415,
    ),
    stretch("50 requests at once", OK * 50, *[200] * 50),
    stretch("a request behind garbage", b"garbage\r\n\r\n" + SMUGGLED, 400),
    stretch("garbage behind a request", OK + b"garbage\r\n\r\n" + SMUGGLED, 200),
    stretch("a broken chunk behind a request", OK + CHUNKED + b"\r\nxyz\r\n" + SMUGGLED, 200),
    stretch("a request behind a close", get(b"Connection: close\r\n") + SMUGGLED, 200),
    stretch("who waits for 100", POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", 400),
    stretch("who waits for something else", POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", 400),
]

STRETCHES = LINES + HEADERS + BODIES
