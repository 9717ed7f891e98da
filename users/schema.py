from drf_spectacular.extensions import OpenApiAuthenticationExtension

DESCRIPTION = (
    "A token from register, login or tokens/; where the operator has set an identity provider, also a JWT of its. "
    "A JWT may do what the words `read` and `write` in its `scope` say, and everything when neither is there."
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
