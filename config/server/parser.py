"""httptools' parser, for a server that speaks no other protocol."""

from httptools import HttpParserUpgrade, HttpRequestParser


class Parser:
    """Ignores it when a client offers another protocol, as Java's HttpClient and `curl --http2` do.

    RFC 9110, section 7.8, allows that. httptools takes the body of such a request for the other protocol, so the
    request is parsed again without its Upgrade header.
    """

    def __init__(self, protocol):
        self.protocol = protocol
        self.start()

    def start(self) -> None:
        self.parser = HttpRequestParser(self.protocol)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it

    def __getattr__(self, name: str):
        return getattr(self.parser, name)

    def feed_data(self, data: bytes) -> None:
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
                return
            except HttpParserUpgrade as offer:
                head, rest = self.head(), rest[offer.args[0] :]
                self.start()
                self.parser.feed_data(head)

    def head(self) -> bytes:
        line = b"%s %s HTTP/%s" % (self.get_method(), self.protocol.url, self.get_http_version().encode())
        headers = [b"%s: %s" % header for header in self.protocol.headers if header[0] != b"upgrade"]
        return b"\r\n".join([line, *headers, b"", b""])
