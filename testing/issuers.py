"""A test identity provider: an HTTP server on 127.0.0.1 that publishes its keys, and signs tokens."""

import json
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import api_jws
from jwt.algorithms import get_default_algorithms

NAME = "https://issuer.example"
AUDIENCE = "todo"
ALGORITHMS = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}


@cache  # generating an RSA key is slow
def private_key(kind: str, number: int = 0) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


def public_jwk(kind: str, key: Any) -> dict:
    return get_default_algorithms()[ALGORITHMS[kind]].to_jwk(key.public_key(), as_dict=True)


class Issuer(ThreadingHTTPServer):
    """`delay`: seconds before it responds. `body`, `status`: a response instead of the keys."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Response)
        self.url = f"http://127.0.0.1:{self.server_port}/jwks"
        self.kinds = {"rsa": "rsa", "ec": "ec", "ed": "ed"}  # of each key, by its id
        self.numbers: dict[str, int] = {}
        self.asked: list[str] = []
        self.answered, self.delay = 0, 0
        self.status, self.body = 200, b""
        self.closing = Event()

    @property
    def fetches(self) -> int:
        return len(self.asked)

    def __enter__(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *error) -> None:
        self.die()

    def die(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        """Ignore closed connections."""

    def key(self, kid: str) -> Any:
        return private_key(self.kinds[kid], self.numbers.get(kid, 0))

    def jwks(self) -> dict:
        keys = [{**public_jwk(kind, self.key(kid)), "kid": kid, "use": "sig"} for kid, kind in self.kinds.items()]
        return {"keys": keys}

    def rotate(self, kid: str) -> None:
        """Replace all keys with a new one with this id."""
        self.kinds, self.numbers = {kid: "ed"}, {kid: 1}

    def claims(self, **changes: object) -> dict:
        """The claims of a valid token. Set one to None to remove it."""
        now = int(time.time())
        claims = {"iss": NAME, "aud": AUDIENCE, "sub": "user-1", "iat": now, "exp": now + 60, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid: str = "ed", header: dict | None = None, **changes: object) -> str:
        payload = json.dumps(self.claims(**changes)).encode()
        algorithm = (header or {}).get("alg", ALGORITHMS[self.kinds[kid]])
        return api_jws.encode(payload, self.key(kid), algorithm, {"kid": kid, **(header or {})})


class Response(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.closing.wait(self.server.delay)
        body = self.server.body or json.dumps(self.server.jwks()).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)
        self.server.answered += 1

    def log_message(self, *args) -> None:
        """Don't print requests in the output of the tests."""
