"""A proxy like that in front of a compute on Neon: it wakes a suspended compute, and reports its own errors."""

import random
import select
import socket
import socketserver
import ssl
import time
from contextlib import suppress
from threading import Lock, Thread

from drills.neon import Neon

WAKING = (0.3, 0.8)  # seconds


class Gateway(socketserver.ThreadingTCPServer):
    """`message`: if set, new connections get this error instead of reaching the pooler."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, neon: Neon):
        super().__init__(("127.0.0.1", 0), Relay)
        self.port = self.server_address[1]
        self.neon = neon
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(neon.directory / "server.crt", neon.directory / "server.key")
        self.message = ""
        self.asleep = False
        self.lock = Lock()
        self.clients: set[socket.socket] = set()

    def __enter__(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.drop()
        self.server_close()

    def drop(self) -> None:
        """Cut all connections."""
        for client in list(self.clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def suspend(self) -> None:
        with self.lock:
            self.asleep = True
            self.drop()
            self.neon.stop_pooler()
            self.neon.stop()

    def wake(self) -> None:
        with self.lock:
            if self.asleep:
                awake_at = time.monotonic() + random.uniform(*WAKING)
                self.neon.start()
                self.neon.start_pooler()
                time.sleep(max(0, awake_at - time.monotonic()))
                self.asleep = False


class Relay(socketserver.BaseRequestHandler):
    server: Gateway

    def handle(self) -> None:
        self.server.clients.add(self.request)
        try:
            with suppress(OSError):
                if self.server.message:
                    self.refuse(self.server.message)
                else:
                    self.server.wake()
                    self.forward()
        finally:
            self.server.clients.discard(self.request)

    def forward(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.neon.pooled_port), timeout=30) as pooler:
            others = {self.request: pooler, pooler: self.request}
            while True:
                for readable in select.select(list(others), [], [])[0]:
                    if not (data := readable.recv(65536)):
                        return
                    others[readable].sendall(data)

    def refuse(self, message: str) -> None:
        self.request.recv(8)  # SSLRequest
        self.request.sendall(b"S")
        with self.server.tls.wrap_socket(self.request, server_side=True) as client:
            client.recv(10_000)  # the startup message
            fields = f"SFATAL\0VFATAL\0CXX000\0M{message}\0\0".encode()
            client.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)
