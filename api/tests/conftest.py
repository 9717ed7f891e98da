import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client as Browser

from api.logs import JSONFormatter


class Log(logging.StreamHandler):
    """The log lines of the test, in the format of production."""

    def __init__(self):
        super().__init__(io.StringIO())
        self.setFormatter(JSONFormatter())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.text.split("\n")[:-1]]


@pytest.fixture
def browser(alice) -> Browser:
    """Alice, signed in by session."""
    browser = Browser(raise_request_exception=False)
    browser.force_login(alice)
    return browser


@pytest.fixture
def log(caplog) -> Iterator[Log]:
    caplog.set_level(logging.INFO)  # whatever LOG_LEVEL says
    handler = Log()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
