"""The smallest answer that a server can be asked for: what is left of its time is the server's own."""

from config.wsgi import application as project  # noqa: F401  (as much in memory as with the project)

ANSWER = b'{"id":1,"title":"Buy milk","completed":false}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


class Answer(list):
    def close(self) -> None:
        pass


def application(environ, start_response) -> Answer:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # as the project does before anything else
    start_response("200 OK", HEADERS)
    return Answer([ANSWER])
