"""A proxy between the project and Postgres that counts round trips."""

import select
import socket
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from django.db import connection

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)  # Postgres's protocol, "SSLRequest"


class CountingProxy(socketserver.ThreadingTCPServer):
    """Accepts plain connections, and forwards them to the server with these connection parameters (libpq's names).

    `flights`: what the client sent, each time until the server answered: one of them is one round trip.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, parameters: dict[str, str]):
        super().__init__(("127.0.0.1", 0), Relay)
        self.port = self.server_address[1]
        self.parameters = parameters
        self.flights: list[bytes] = []

    def __enter__(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.server_close()

    def upstream(self) -> socket.socket:
        host, port = self.parameters.get("host", "localhost"), int(self.parameters.get("port") or 5432)
        if host.startswith("/"):
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(f"{host}/.s.PGSQL.{port}")
            return upstream
        upstream = socket.create_connection((host, port), timeout=30)
        return self.encrypted(upstream, host) if "sslrootcert" in self.parameters else upstream

    def encrypted(self, upstream: socket.socket, host: str) -> socket.socket:
        upstream.sendall(SSL_REQUEST)
        assert upstream.recv(1) == b"S"
        return ssl.create_default_context(cafile=self.parameters["sslrootcert"]).wrap_socket(
            upstream, server_hostname=host
        )


class Relay(socketserver.BaseRequestHandler):
    server: CountingProxy

    def handle(self) -> None:
        with self.server.upstream() as upstream:
            others = {self.request: upstream, upstream: self.request}
            answered = True
            while True:
                # One thread for both directions, to know their order.
                for readable in self.readable(list(others)):
                    if not (data := readable.recv(65536)):
                        return
                    if readable is upstream:
                        answered = True
                    elif answered:
                        self.server.flights.append(data)
                        answered = False
                    else:
                        self.server.flights[-1] += data
                    others[readable].sendall(data)

    @staticmethod
    def readable(sockets: list) -> list:
        decrypted = [each for each in sockets if isinstance(each, ssl.SSLSocket) and each.pending()]
        return decrypted or select.select(sockets, [], [])[0]


@contextmanager
def counted_connection() -> Iterator[CountingProxy]:
    """Route the connection to the database through a proxy."""
    connection.close()
    direct = connection.settings_dict
    with CountingProxy(connection.get_connection_params()) as proxy:
        options = {key: value for key, value in direct["OPTIONS"].items() if key != "sslrootcert"}
        proxied = {"HOST": "127.0.0.1", "PORT": str(proxy.port), "OPTIONS": {**options, "sslmode": "disable"}}
        connection.settings_dict = {**direct, **proxied}
        try:
            yield proxy
        finally:
            connection.close()
            connection.settings_dict = direct


def statements(flights: list[bytes]) -> str:
    """The traffic as text, with one line per round trip."""
    return "\n".join(flight[5:300].decode(errors="replace").replace("\0", " ") for flight in flights)
