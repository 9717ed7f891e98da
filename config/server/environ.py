"""The environment that a WSGI application gets (PEP 3333)."""

import sys
from functools import lru_cache
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Headers = list[tuple[bytes, bytes]]


@lru_cache(256)  # bounded, as clients make up names
def variable(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{name}"


def add_headers(environ: dict[str, Any], headers: Headers) -> None:
    for header, value in headers:
        if b"_" in header:
            continue  # X_Forwarded_For would pass for X-Forwarded-For
        name, text = variable(header), value.decode("latin-1")
        if name in environ:
            text = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        environ[name] = text


def wsgi_environ(scope: dict[str, Any], body: IO[bytes]) -> dict[str, Any]:
    # Not asgiref's: that one takes headers with an underscore, and loses bytes of a path that are not UTF-8.
    server, client = scope["server"] or ("", ""), scope["client"] or ("", "")
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    add_headers(environ, scope["headers"])
    return environ
