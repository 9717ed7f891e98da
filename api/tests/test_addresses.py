import pytest
from django.test import RequestFactory

from api.addresses import client_address


def address(forwarded: str | None = None, remote: str = "10.0.0.1") -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


@pytest.mark.parametrize("forwarded", [None, "", "192.0.2.1", "192.0.2.1, 192.0.2.2", "x"])
def test_without_a_proxy_only_the_connection_counts(settings, forwarded):
    settings.TRUSTED_PROXIES = 0

    assert address(forwarded) == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.7, 192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.7,198.51.100.8,, x ,192.0.2.1", "192.0.2.1"),
        (1, ",".join(["198.51.100.7"] * 1000) + ",192.0.2.1", "192.0.2.1"),
        (2, "198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (2, "192.0.2.1,10.0.0.2", "192.0.2.1"),
    ],
)
def test_behind_proxies_it_is_whom_the_outermost_was_called_by(settings, proxies, forwarded, client):
    settings.TRUSTED_PROXIES = proxies

    assert address(forwarded) == client


@pytest.mark.parametrize(
    "forwarded",
    [
        *(None, "", " ", ",", "x", "192.0.2.1,", "192.0.2.1, unknown", "192.0.2.256", "192.0.2.1.", "192.0.2.1:"),
        *("192.0.2.1:123456", "'192.0.2.1'", "192.0.2.1\0", "1", "3221225985", "0x7f.1", "[::1", "fe80::1%eth0"),
        *("\u0661\u0669\u0662.0.2.1", "a" * 8000),
    ],
)
def test_what_is_no_address_leaves_the_connection(settings, forwarded):
    settings.TRUSTED_PROXIES = 1

    assert address(forwarded) == "10.0.0.1"


def test_fewer_hops_than_proxies_leave_the_connection(settings):
    """Such a request didn't come through the proxies, so its header can't be trusted."""
    settings.TRUSTED_PROXIES = 2

    assert address("192.0.2.1") == "10.0.0.1"


@pytest.mark.parametrize(
    ("written", "client"),
    [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("[2001:DB8:1:2::5]:443", "2001:db8:1:2::"),
        ("[2001:db8:1:2::5]", "2001:db8:1:2::"),
        ("2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::5", "2001:db8:1:3::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::1", "::"),
    ],
)
def test_one_client_has_one_address_however_it_is_written(settings, written, client):
    settings.TRUSTED_PROXIES = 1

    assert address(written) == client
    assert address(remote=written) == client


@pytest.mark.parametrize("remote", ["", "unix:", "@"])
def test_over_a_unix_socket_all_have_the_same_valid_address(settings, remote):
    settings.TRUSTED_PROXIES = 0

    assert address(remote=remote) == "0.0.0.0"
