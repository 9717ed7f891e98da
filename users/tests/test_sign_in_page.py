"""The sign-in page leads on those who can't sign in yet."""

import re

import pytest
from django.test import Client as Browser

PAGE = "/api-auth/login/"
SIGN_UP, RESET = "/api/v1/auth/register/", "/api/v1/auth/password-reset/"


@pytest.mark.parametrize(
    ("sign_up", "mail", "links"),
    [(True, True, [SIGN_UP, RESET]), (False, True, [RESET]), (True, False, [SIGN_UP]), (False, False, [])],
)
def test_it_links_what_the_server_offers(db, settings, sign_up, mail, links):
    settings.ALLOW_SIGN_UP, settings.SENDS_MAIL = sign_up, mail

    page = Browser().get(PAGE).content.decode()

    main = page.partition("<main")[2]
    assert re.findall(r'href="([^"#]+)"', main) == links
