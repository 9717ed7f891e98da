from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TicketScheme(OpenApiAuthenticationExtension):
    target_class = "live.views.events.TicketAuthentication"
    name = "ticket"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "query", "name": "ticket", "description": "From `events/ticket/`, for once."}
