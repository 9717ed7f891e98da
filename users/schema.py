from drf_spectacular.extensions import OpenApiAuthenticationExtension

DESCRIPTION = (
    "A token from `auth/register/`, `auth/login/` or `tokens/`. If the server is configured with an identity provider, "
    "you can also send one of its JWTs. A JWT whose `scope` contains `read` or `write` is limited to that."
)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "users.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "description": DESCRIPTION}


class NoScheme(OpenApiAuthenticationExtension):
    target_class = "users.authentication.NoAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema):
        return None

    def get_security_definition(self, auto_schema):
        return []
