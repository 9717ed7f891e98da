from rest_framework.negotiation import DefaultContentNegotiation


class Negotiation(DefaultContentNegotiation):
    """REST framework's, without its work where a program asks for what comes first anyway."""

    ANYTHING = frozenset({"*/*", "application/json"})

    def select_renderer(self, request, renderers, format_suffix=None):
        asked = request.META.get("HTTP_ACCEPT", "*/*") in self.ANYTHING and not request.META.get("QUERY_STRING")
        if asked and renderers[0].media_type == "application/json":
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)
