import orjson
from rest_framework import parsers
from rest_framework.exceptions import ParseError

MAX_DEPTH = 32


def deeper_than(value, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, dict | list) for item in level)


def takes_lists(view) -> bool:
    """Whether this call accepts a list of objects."""
    return getattr(view, "takes_lists", False) and view.action == "create"


class JSONParser(parsers.JSONParser):
    """Parses JSON (RFC 8259) in UTF-8. orjson refuses lone surrogates, NaN and numbers out of range."""

    def parse(self, stream, media_type=None, parser_context=None):
        body = stream.read()
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and deeper_than(data, MAX_DEPTH):
            raise ParseError(f"JSON parse error: the body can be nested at most {MAX_DEPTH} levels deep")
        if not isinstance(data, dict) and not (isinstance(data, list) and takes_lists(parser_context["view"])):
            raise ParseError("JSON parse error: the body must be an object")
        return data


class FormParser(parsers.FormParser):
    """Parses forms, and says so when JSON was sent as one: `curl -d` names that type by itself."""

    def parse(self, stream, media_type=None, parser_context=None):
        data = super().parse(stream, media_type, parser_context)
        if any(name.lstrip().startswith(("{", "[")) for name in data):
            raise ParseError(
                "This is JSON, and was sent as a form. Send it with the header Content-Type: application/json."
            )
        return data
