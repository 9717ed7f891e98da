import pytest
from django.core.exceptions import ImproperlyConfigured

from config import values


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/s", (5, 1)),
        ("600/min", (600, 60)),
        ("20/HOUR", (20, 3600)),
        ("1/day", (1, 86400)),
        ("off", None),
        (" ", None),
    ],
)
def test_a_rate_is_calls_and_seconds_or_off(text, rate):
    assert values.rate(text) == rate


@pytest.mark.parametrize(
    "text", ["600", "0/min", "-1/min", "1.5/min", "20/minutes", "/min", "20/", "20/m", "none", "1/1"]
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="it has to look like 600/min"):
        values.rate(text)


@pytest.mark.parametrize("text", ["", "https://todo.example.com", "http://localhost:8000/"])
def test_an_origin_is_scheme_and_host(text):
    assert values.origin(text) == text.rstrip("/")


@pytest.mark.parametrize("text", ["todo.example.com", "ftp://x", "https://", "https://x/todo", "https://x?y", "//x"])
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(ValueError, match="it has to look like https"):
        values.origin(text)


@pytest.mark.parametrize("text", ["", "todo@example.com", "Todo <todo@example.com>"])
def test_a_sender_is_an_address_with_or_without_a_name(text):
    assert values.mailbox(text) == text


@pytest.mark.parametrize("text", ["todo", "Todo <todo>", "todo@example.com\nBcc: x@example.com", "@", "a b@c"])
def test_what_is_no_sender_is_refused(text):
    with pytest.raises(ValueError, match="it has to look like todo@"):
        values.mailbox(text)


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail", 25, None, None),
        ("smtp+tls://mail", 587, True, None),
        ("smtp+ssl://mail", 465, None, True),
        # From the start, where servers speak it so.
        ("smtps://mail", 465, None, True),
        ("smtps://mail:465", 465, None, True),
        ("smtps://user:password@mail:2465", 2465, None, True),
        ("smtps://mail:587", 587, True, None),
        ("smtp+tls://mail:465", 465, None, True),
        ("smtp://mail:465", 465, None, True),
        ("smtp+tls://user:password@mail:2525", 2525, True, None),
    ],
)
def test_a_mail_server_is_a_url_with_the_usual_ports(url, port, tls, ssl):
    config = values.mail_server(url)

    assert (config["EMAIL_HOST"], config["EMAIL_PORT"]) == ("mail", port)
    assert (config.get("EMAIL_USE_TLS"), config.get("EMAIL_USE_SSL")) == (tls, ssl)


@pytest.mark.parametrize(
    "url", ["mail", "http://mail", "smtp://", "smtp://u:canary@mail:x", "smtp://mail?tls=canary", "smtp://[canary"]
)
def test_what_is_no_mail_server_is_refused_without_repeating_it(url):
    with pytest.raises(ImproperlyConfigured) as error:
        values.mail_server(url)

    assert str(error.value) == "EMAIL_URL isn't the URL of a supported mail server: see .env.example."


@pytest.mark.parametrize(
    ("url", "backend", "location", "options"),
    [
        ("locmemcache://", "locmem.LocMemCache", "", {"MAX_ENTRIES": 10_000}),
        ("locmemcache://?max_entries=50", "locmem.LocMemCache", "", {"MAX_ENTRIES": 50}),
        ("filecache:///var/cache/todo", "filebased.FileBasedCache", "/var/cache/todo", {"MAX_ENTRIES": 1000}),
        ("redis://:p@redis:6379/1", "redis.RedisCache", "redis://:p@redis:6379/1", values.REDIS),
        (
            "rediss://redis?socket_timeout=3",
            "redis.RedisCache",
            "rediss://redis",
            {**values.REDIS, "socket_timeout": 3},
        ),
    ],
)
def test_a_cache_is_a_url_and_has_limits(url, backend, location, options):
    config = values.cache(url)

    assert config == {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location, "OPTIONS": options}


@pytest.mark.parametrize(("text", "rate"), [("600/MIN ", "600/min"), ("1/day", "1/day"), ("off", None), ("", None)])
def test_rest_frameworks_throttles_take_a_rate_as_text(text, rate):
    assert values.throttle_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" a.example , 127.0.0.1,", ["a.example", "127.0.0.1"]),
        ("[::1],.example.com,*", ["[::1]", ".example.com", "*"]),
        ("Todo.Example.com", ["Todo.Example.com"]),
    ],
)
def test_hosts_are_names_or_addresses(text, found):
    assert values.hosts(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example",
        "a.example:8000",
        "a.example/",
        "a b",
        "a;b",
        "*.example.com",
        "::1",
        "a_b",
        "-",
        "'a'",
        "a.example.,é",
    ],
)
def test_what_is_no_host_is_refused(text):
    with pytest.raises(ValueError, match="isn't a host name without port, such as"):
        values.hosts(text)


@pytest.mark.parametrize("read", [values.origins, values.trusted_origins])
def test_origins_are_stripped(read):
    assert read(" https://a.example , http://localhost:5173,") == ["https://a.example", "http://localhost:5173"]


def test_pages_may_be_trusted_of_all_subdomains_and_of_nothing_that_is_no_origin():
    assert values.trusted_origins("https://*.example.com") == ["https://*.example.com"]
    for text in ("*.example.com", "example.com", "https://*", "https://a.*.com", "https://a.example/", "https://a b"):
        with pytest.raises(ValueError, match="isn't an origin as browsers send it"):
            values.trusted_origins(text)
