"""An application with the smallest response, to measure the server itself."""

from config.wsgi import application as project  # noqa: F401  (to use as much memory as the project)

RESPONSE = b'{"id":1,"title":"Buy milk","completed":false}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(RESPONSE)))]


class Response(list):
    def close(self) -> None:
        pass


def application(environ, start_response) -> Response:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # as the project does first
    start_response("200 OK", HEADERS)
    return Response([RESPONSE])
