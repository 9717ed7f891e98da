"""What values in the environment may look like. Each raises ValueError, and config/settings.py names the setting."""

import os
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.utils import parseaddr
from typing import NamedTuple
from urllib.parse import urlsplit

import dj_database_url
import environ
from django.core.exceptions import ImproperlyConfigured

PERIODS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}

REDIS = {"socket_connect_timeout": 1, "socket_timeout": 1}  # a host that swallows packets would hold up every call
CACHES = {
    "locmemcache": {"MAX_ENTRIES": 10_000},  # of Django's 300, the callers beyond would be forgotten
    "filecache": {"MAX_ENTRIES": 1_000},  # with each call it looks through its directory
    "redis": REDIS,
    "rediss": REDIS,
}

SQLITE = {
    "transaction_mode": "IMMEDIATE",  # two writers wait for each other, and none fails halfway
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
POSTGRES = {"connect_timeout": 10}  # a host that swallows packets would hold a thread until the kernel gives up
# The system's certificate authorities: Debian and Alpine, Fedora, openSUSE, macOS and BSD, Homebrew.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
    "/usr/local/etc/ca-certificates/cert.pem",
)
ON_THIS_MACHINE = ("", "localhost", "127.0.0.1", "::1")


def strict_bool(value: str | bool) -> bool:
    # django-environ reads DEBUG=ture as False without a word.
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError("it has to be true or false") from None


def log_level(value: str) -> str:
    if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("it has to be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return value.upper()


def https_url(value: str) -> str:
    """Plain HTTP on this machine alone: whatever changes the keys on their way can pretend to be any user."""
    url = urlsplit(value)
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in {"localhost", "127.0.0.1", "::1"})
    if value and not (is_safe and url.hostname and url.port != 0 and re.fullmatch(r"[!-~]+", value)):
        raise ValueError("it has to be an https:// address")
    return value


def parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def hosts(value: str) -> list[str]:
    for host in parts(value):
        if not re.fullmatch(r"\*|\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", host, re.IGNORECASE):
            raise ValueError(f"{host!r} isn't a host name without port, such as todo.example.com or .example.com")
    return parts(value)


def origins(value: str, host: str = "") -> list[str]:
    """Origins as browsers send them, or with this other pattern of a host."""
    for origin in parts(value):
        if not re.fullmatch(rf"[a-z][a-z0-9+.-]*://({host}[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{{1,5}})?", origin):
            raise ValueError(f"{origin!r} isn't an origin as browsers send it, such as https://app.example.com")
    return parts(value)


def origin_patterns(value: str) -> list[str]:
    """Origins, whose hosts may have `*` for letters, digits and hyphens, but not in the last two labels."""
    for pattern in parts(value):
        if not re.fullmatch(r"[a-z]+://([a-z0-9*-]+\.)+[a-z0-9-]+\.[a-z0-9-]+(:[0-9]{1,5})?", pattern):
            origins(pattern)
    return parts(value)


def origin_regex(pattern: str) -> str:
    return "^" + re.escape(pattern).replace(r"\*", "[a-z0-9-]+") + r"\Z"


def path_prefix(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value):
        raise ValueError("it has to look like /todo, without a slash at the end")
    return value


def trusted_origins(value: str) -> list[str]:
    return origins(value, r"(?:\*\.)?")  # Django takes https://*.example.com


class Rate(NamedTuple):
    """So many calls in so many seconds."""

    calls: int
    seconds: int


def rate(value: str) -> Rate | None:
    if value.strip().lower() in ("", "off"):
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([a-z]+)", value.strip().lower())
    if not match or match[2] not in PERIODS:
        raise ValueError("it has to look like 600/min, with s, min, h or day, or be off")
    return Rate(int(match[1]), PERIODS[match[2]])


def throttle_rate(value: str) -> str | None:
    """The same as REST framework's throttles take it."""
    return value.strip().lower() if rate(value) else None


def whole(least: int, most: int) -> Callable[[str], int]:
    """The reader of a whole number in these bounds."""

    def read(value: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", value, re.ASCII) or not least <= int(value) <= most:
            raise ValueError(f"it has to be a whole number from {least} to {most}")
        return int(value)

    return read


DAYS = whole(1, 36_500)


def origin(value: str) -> str:
    url = urlsplit(value)
    if value and (url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or url.query):
        raise ValueError("it has to look like https://todo.example.com")
    return value.rstrip("/")


def address(value: str) -> tuple[str, int]:
    """A host, or its number, and a port."""
    if not (
        match := re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+)):([0-9]{1,5})", value, re.ASCII | re.IGNORECASE)
    ):
        raise ValueError("it has to look like worker.internal:8099")
    return match[1] or match[2], whole(1, 65_535)(match[3])


def mailbox(value: str) -> str:
    _name, address = parseaddr(value)
    if value and (not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not value.isprintable()):
        raise ValueError("it has to look like todo@example.com or Todo <todo@example.com>")
    return value


def mail_server(url: str) -> dict:
    """Django's settings for the mail server at `url`. Raises ImproperlyConfigured."""
    try:
        config: dict = environ.Env.email_url_config(url)
        if "OPTIONS" in config or ("smtp" in config["EMAIL_BACKEND"] and not config["EMAIL_HOST"]):
            raise ValueError
    except (ValueError, ImproperlyConfigured):  # their text could repeat the password in it
        raise ImproperlyConfigured("EMAIL_URL isn't the URL of a supported mail server: see .env.example.") from None
    scheme = urlsplit(url).scheme
    port = config["EMAIL_PORT"] or {"smtp+tls": 587, "smtps": 465, "smtp+ssl": 465}.get(scheme, 25)
    # On port 465 a server speaks TLS from the start (RFC 8314, section 7.3), and smtps:// says it of any but 587.
    if "smtp" in scheme and (port == 465 or (scheme == "smtps" and port != 587)):
        config.pop("EMAIL_USE_TLS", None)
        config["EMAIL_USE_SSL"] = True
    return {**config, "EMAIL_PORT": port}


def cache(url: str) -> dict:
    """Django's settings for the cache at `url`. Raises ImproperlyConfigured."""
    try:
        options = CACHES[urlsplit(url).scheme]
        config: dict = environ.Env.cache_url_config(url)
        if "filecache" in url and not config["LOCATION"].startswith("/"):
            raise ValueError
    except (KeyError, ValueError):  # their text could repeat the password in it
        raise ImproperlyConfigured("CACHE_URL isn't the URL of a supported cache: see .env.example.") from None
    return {**config, "OPTIONS": {**options, **config.get("OPTIONS", {})}}


def database(url: str, name: str) -> dict:
    """Django's settings for the database at `url`. Raises ImproperlyConfigured, with the `name` of the setting."""
    try:
        config: dict = {**dj_database_url.parse(url, conn_max_age=240, conn_health_checks=True)}
    except ValueError:  # its text would repeat the URL, and the password in it
        raise ImproperlyConfigured(f"{name} isn't the URL of a supported database: see .env.example.") from None
    options = config.get("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return {**config, "OPTIONS": {**options, **SQLITE}, "TEST": {"NAME": f"{config['NAME']}.test"}}
    if config["ENGINE"] == "django.db.backends.postgresql":
        # Cursors of the server need the session that a pooler in transaction mode doesn't keep.
        config |= {"ENGINE": "config.postgres", "DISABLE_SERVER_SIDE_CURSORS": True}
        return {**config, "OPTIONS": {**POSTGRES, **options, **tls(config["HOST"], options, name)}}
    raise ImproperlyConfigured(f"{name} is neither for SQLite nor for Postgres: see .env.example.")


def tls(host: str, options: dict, name: str) -> dict:
    """The options that verify the server's certificate and its name. Raises ImproperlyConfigured."""
    mode = options.get("sslmode") or ("" if is_on_this_machine(host, options) else "verify-full")
    if not mode.startswith("verify-"):
        return {}
    authorities = options.get("sslrootcert", "system")
    # "system" is where OpenSSL looks. That of psycopg2-binary looks where its maker built it.
    bundle = find_bundle() if authorities == "system" else authorities
    if not bundle:
        raise ImproperlyConfigured(
            f"{name} names a server on another machine, and this one has no certificate authorities to verify it with. "
            "Install the package ca-certificates, or name a file: …?sslrootcert=/path/to/authority.crt"
        )
    return {"sslmode": mode, "sslrootcert": bundle}


def is_on_this_machine(host: str, options: dict) -> bool:
    """Whether libpq would connect to this machine, wherever it takes the host from."""
    named = [host, *(str(options.get(name, "")) for name in ("host", "hostaddr", "service"))]
    if not any(named):
        named = [os.environ.get(name, "") for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE")]
    return all(each in ON_THIS_MACHINE or each.startswith("/") for each in ",".join(named).split(","))


def find_bundle() -> str | None:
    """The file of the certificate authorities that this system trusts, or "system" for OpenSSL to ask its variables."""
    if any(os.path.exists(os.environ.get(name, "")) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")):
        return "system"
    found = [*BUNDLES, ssl.get_default_verify_paths().cafile or ""]
    with suppress(ImportError):
        import certifi  # only where something else has brought it

        found.append(certifi.where())
    return next(filter(os.path.isfile, found), None)
