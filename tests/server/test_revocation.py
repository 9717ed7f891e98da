"""What ends at the very next request, in every process: two servers on one database, and what is revoked at the one is
used at the other.

The tokens of the identity provider are its own: a new password doesn't end them, and the provider may let somebody in
whose account was deleted here. That is then a new, empty account.
"""

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from testing.browsers import Browser
from testing.issuers import AUDIENCE, NAME, Issuer
from testing.servers import ROOT, Program, Server, beside, gunicorn

PASSWORD, NEW = "correct horse battery", "another horse battery"
OPERATOR = "operator@example.com"


@dataclass
class Site:
    here: Server  # where things are revoked
    there: Server  # where they are used first
    issuer: Issuer
    mails: Path
    desk: Browser  # the operator's, in the admin


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    directory, mails = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("mails")
    with Issuer() as issuer:
        provider = {"JWT_ISSUER": NAME, "JWT_AUDIENCE": AUDIENCE, "JWT_JWKS_URL": issuer.url}
        mail = {"EMAIL_URL": f"filemail:///{mails}", "PUBLIC_URL": "http://todo.example.com"}
        with gunicorn(directory, processes=1, **provider, **mail) as here, beside(here) as there:
            manage(here, "createsuperuser", "--noinput", "--verbosity=0")
            desk = Browser()
            desk.submit(here, "/admin/login/", username=OPERATOR, password=PASSWORD)
            yield Site(here, there, issuer, mails, desk)


def manage(server: Server, *command: str) -> None:
    environment = {**server.environment, "DJANGO_SUPERUSER_EMAIL": OPERATOR, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)


@dataclass
class Account:
    """A staff user who is signed in in every possible way."""

    site: Site
    email: str = field(default_factory=lambda: f"{secrets.token_hex(8)}@example.com")
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Browser] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site, claims = self.site, {"email": self.email, "email_verified": True}
        self.tokens["JWT"] = site.issuer.token(sub=self.email, exp=int(time.time()) + 3600, **claims)
        self.id = self.send("JWT", "GET", "me/").body["id"]
        self.page = f"/admin/users/user/{self.id}"
        site.desk.submit(site.here, f"{self.page}/password/", **twice(PASSWORD), usable_password="true")
        self.set_up(is_staff="on", is_active="on")
        self.tokens["login token"] = self.sign_in()
        self.tokens["another login token"] = self.sign_in()
        made = self.send("login token", "POST", "tokens/", {"name": "personal"}).body
        self.tokens["personal token"], self.personal = made["token"], made["id"]
        self.send("login token", "POST", "tasks/", {"title": "Buy milk"})
        for name, page in (("session", "/api-auth/login/"), ("admin session", "/admin/login/")):
            self.sessions[name] = Browser()
            self.sessions[name].submit(site.here, page, username=self.email, password=PASSWORD)

    def set_up(self, **flags: str) -> None:
        """Save the form of the user in the admin."""
        self.site.desk.submit(
            self.site.here, f"{self.page}/change/", email=self.email, timezone="UTC", is_confirmed="on", **flags
        )

    def send(self, token: str, method: str, path: str, body: object = None, server: Server | None = None):
        with Program((server or self.site.here).port, self.tokens[token]) as program:
            return program.send(method, path, body)

    def sign_in(self) -> str:
        with Program(self.site.here.port) as program:
            return program.send("POST", "auth/login/", {"email": self.email, "password": PASSWORD}).body["token"]

    def gets_in(self, way: str, server: Server) -> bool:
        """Whether the next request of this kind is authenticated as this account."""
        if way == "admin session":
            status, headers, _ = self.sessions[way].get(server, "/admin/")
            assert status == 200 or headers["Location"].startswith("/admin/login/")
            return status == 200
        if way == "session":
            status, _, text = self.sessions[way].get(server, "/api/v1/me/", Accept="application/json")
            assert status in (200, 401)
            return status == 200 and self.id in text
        response = self.send(way, "GET", "me/", server=server)
        assert response.status in (200, 401)
        return response.status == 200 and response.body["id"] == self.id

    def ways_in(self, server: Server) -> set[str]:
        return {way for way in (*self.tokens, *self.sessions) if self.gets_in(way, server)}

    def mailed_link(self) -> tuple[str, dict[str, str]]:
        """The path of the page in the email, and the values for programs."""
        with Program(self.site.here.port) as program:
            assert program.send("POST", "auth/password-reset/", {"email": self.email}).status == 202
        for _ in range(300):
            for mail in self.site.mails.iterdir():
                if self.email in (text := mail.read_text()) and (proof := re.search(r"uid: (\S+)\ntoken: (\S+)", text)):
                    uid, token = proof.groups()
                    return f"/set-password/{uid}/{token}/", {"uid": uid, "token": token, "new_password": NEW}
            time.sleep(0.1)
        raise AssertionError("no mail came")


def twice(password: str) -> dict[str, str]:
    return {"password1": password, "password2": password}


# The ways out, each as a function of the account. They end here what is then tried there.


def log_out(account):
    assert account.send("login token", "POST", "auth/logout/").status == 204


def log_out_of_a_session(account):
    assert account.sessions["session"].call(account.site.here, "POST", "auth/logout/", {}) == 204


def log_out_on_the_page(account):
    account.sessions["session"].submit(account.site.here, "/api-auth/logout/")


def log_out_of_the_admin(account):
    account.sessions["admin session"].submit(account.site.here, "/admin/logout/")


def delete_a_token(account):
    assert account.send("login token", "DELETE", f"tokens/{account.personal}/").status == 204


def delete_a_token_in_the_admin(account):
    account.site.desk.submit(account.site.here, f"/admin/users/apitoken/{account.personal}/delete/", post="yes")


def delete_tokens_by_an_action(account):
    chosen = {"action": "delete_selected", "_selected_action": account.personal, "post": "yes"}
    account.site.desk.submit(account.site.here, "/admin/users/apitoken/", **chosen)


def let_a_token_expire(account):
    end = datetime.now(UTC) + timedelta(seconds=1)
    body = {"name": "short", "expires_at": end.isoformat()}
    account.tokens["personal token"] = account.send("login token", "POST", "tokens/", body).body["token"]
    time.sleep(max(0, (end - datetime.now(UTC)).total_seconds()) + 0.01)


def change_the_password(account):
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert account.send("login token", "POST", "me/password/", body).status == 204


def change_the_password_in_a_session(account):
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert account.sessions["session"].call(account.site.here, "POST", "me/password/", body) == 204


def change_the_password_on_the_page_of_the_admin(account):
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    account.sessions["admin session"].submit(account.site.here, "/admin/password_change/", **fields)


def set_the_password_in_the_admin(account):
    account.site.desk.submit(account.site.here, f"{account.page}/password/", **twice(NEW), usable_password="true")


def take_the_password_away_in_the_admin(account):
    form = {"usable_password": "false", "unset-password": "x"}
    account.site.desk.submit(account.site.here, f"{account.page}/password/", **form)


def reset_the_password(account):
    _, proof = account.mailed_link()
    with Program(account.site.here.port) as program:
        assert program.send("POST", "auth/password-reset/confirm/", proof).status == 204


def reset_the_password_on_the_page(account):
    path, _ = account.mailed_link()
    browser = Browser()
    status, headers, _ = browser.get(account.site.here, path)
    assert status == 302
    browser.submit(account.site.here, headers["Location"], new_password1=NEW, new_password2=NEW)


def switch_off(account):
    account.set_up(is_staff="on")


def delete_the_account(account):
    assert account.send("login token", "DELETE", "me/", {"password": PASSWORD}).status == 204


def delete_the_account_in_the_admin(account):
    account.site.desk.submit(account.site.here, f"{account.page}/delete/", post="yes")


EVERY_WAY = {"login token", "another login token", "personal token", "session", "admin session", "JWT"}
SURVIVES: dict[Callable[[Account], None], set[str]] = {
    log_out: EVERY_WAY - {"login token"},
    log_out_of_a_session: EVERY_WAY - {"session"},
    log_out_on_the_page: EVERY_WAY - {"session"},
    log_out_of_the_admin: EVERY_WAY - {"admin session"},
    delete_a_token: EVERY_WAY - {"personal token"},
    delete_a_token_in_the_admin: EVERY_WAY - {"personal token"},
    delete_tokens_by_an_action: EVERY_WAY - {"personal token"},
    let_a_token_expire: EVERY_WAY - {"personal token"},
    change_the_password: {"login token", "JWT"},
    change_the_password_in_a_session: {"session", "JWT"},
    change_the_password_on_the_page_of_the_admin: {"admin session", "JWT"},
    set_the_password_in_the_admin: {"JWT"},
    take_the_password_away_in_the_admin: {"JWT"},
    reset_the_password: {"JWT"},
    reset_the_password_on_the_page: {"JWT"},
    switch_off: set(),
    delete_the_account: set(),
    delete_the_account_in_the_admin: set(),
}


@pytest.fixture(scope="module")
def bystander(site) -> Account:
    return Account(site)


@pytest.mark.parametrize("way_out", SURVIVES, ids=lambda way_out: way_out.__name__)
def test_what_ended_is_refused_at_the_next_request_in_every_process(site, bystander, way_out):
    account = Account(site)
    assert account.ways_in(site.here) == account.ways_in(site.there) == EVERY_WAY  # whatever they could remember

    way_out(account)

    assert account.ways_in(site.there) == SURVIVES[way_out]
    assert account.ways_in(site.here) == SURVIVES[way_out]
    assert bystander.ways_in(site.there) == EVERY_WAY


@pytest.mark.parametrize("way_out", [delete_the_account, delete_the_account_in_the_admin])
def test_whom_the_provider_lets_in_after_the_deletion_has_a_new_empty_account(site, way_out):
    account = Account(site)
    way_out(account)

    tasks, tokens = (
        account.send("JWT", "GET", path, server=site.there).body["results"] for path in ("tasks/", "tokens/")
    )

    assert (tasks, tokens) == ([], [])
    assert account.send("JWT", "GET", "me/", server=site.here).body["id"] != account.id
