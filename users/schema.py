from drf_spectacular.extensions import OpenApiAuthenticationExtension

DESCRIPTION = (
    "A token from `register`, `login` or `tokens/`. If the operator has set an identity provider, you can also use its "
    "JWTs. A JWT has the scopes `read` and `write` if its `scope` contains them, and both if it contains neither."
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
