"""A receiver of webhooks and a mail server, which write down what came."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Any


@dataclass
class Received:
    """`events`: of each path, in the order of their arrival. `mails`: Message-ID and text.

    before_answer: called when something has come, before the sender knows. after_answer: when it knows.
    """

    events: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(list))
    mails: list[tuple[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    before_answer: Callable[[str], None] = lambda what: None
    after_answer: Callable[[str], None] = lambda what: None
    hooks_port: int = 0
    mail_port: int = 0


@contextmanager
def receiving() -> Iterator[Received]:
    received = Received()

    class Hooks(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with received.lock:
                received.events[self.path].append((self.headers["webhook-id"], body))
            received.before_answer("event")
            self.send_response(204)
            self.end_headers()
            received.after_answer("event")

        def log_message(self, *args):
            pass

    class Mail(StreamRequestHandler):
        def handle(self):
            with suppress(ConnectionError):  # the sender was killed
                self.talk()

        def talk(self):
            self.say("220 here")
            while line := self.rfile.readline().strip().upper():
                if line.startswith(b"DATA"):
                    self.take()
                elif line.startswith(b"QUIT"):
                    return self.say("221 bye")
                else:
                    self.say("250 ok")

        def take(self) -> None:
            self.say("354 go on")
            lines = iter(self.rfile.readline, b".\r\n")
            text = b"".join(lines).decode()
            found = re.search(r"^Message-ID: (.*?)\r$", text, re.MULTILINE)
            with received.lock:
                received.mails.append((found[1], text) if found else ("", text))
            received.before_answer("mail")
            self.say("250 taken")
            received.after_answer("mail")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class MailServer(ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Hooks) as hooks, MailServer(("127.0.0.1", 0), Mail) as mail:
        received.hooks_port, received.mail_port = hooks.server_port, mail.server_address[1]
        for server in (hooks, mail):
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield received
        finally:
            hooks.shutdown()
            mail.shutdown()
