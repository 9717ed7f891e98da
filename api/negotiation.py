from rest_framework.negotiation import DefaultContentNegotiation

from api.renderers import PROBLEM_TYPE


class Negotiation(DefaultContentNegotiation):
    """REST framework's, without its work where a program asks for what comes first anyway."""

    ANYTHING = frozenset({"*/*", "application/json"})

    def select_renderer(self, request, renderers, format_suffix=None):
        asked = request.META.get("HTTP_ACCEPT", "*/*") in self.ANYTHING and not request.META.get("QUERY_STRING")
        if asked and renderers[0].media_type == "application/json":
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)

    def get_accept_list(self, request):
        # Some generated clients name only the type of a call's errors. They get its result as JSON.
        return [accepted.replace(PROBLEM_TYPE, "application/json") for accepted in super().get_accept_list(request)]
