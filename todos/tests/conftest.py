import pytest

from testing.client import PASSWORD


@pytest.fixture
def browser(client, alice):
    """Alice in a browser, signed in."""
    client.raise_request_exception = False
    client.login(username=alice.email, password=PASSWORD)
    client.defaults["HTTP_ACCEPT"] = "text/html"
    return client
