from testing.problems import assert_problem, refused
from testing.responses import INVALID_TOKEN, NOT_SIGNED_IN
from users.models import ApiToken


def test_the_token_that_makes_the_call_is_revoked(api):
    response = api.post("/auth/logout/")

    assert (response.status_code, response.content) == (204, b"")
    assert not ApiToken.objects.exists()


def test_the_next_request_with_it_is_refused(api):
    api.post("/auth/logout/")

    for response in (api.get("/me/"), api.post("/auth/logout/")):
        assert_problem(response, *INVALID_TOKEN)


def test_it_takes_no_fields(api):
    response = api.post("/auth/logout/", {"all": True})

    assert refused(response) == [("all", "unknown")]
    assert api.get("/me/").status_code == 200


def test_it_needs_a_sign_in(anonymous):
    response = anonymous.post("/auth/logout/")

    assert_problem(response, *NOT_SIGNED_IN)
