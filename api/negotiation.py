from rest_framework.negotiation import DefaultContentNegotiation

from api.renderers import PROBLEM_TYPE


class Negotiation(DefaultContentNegotiation):
    def get_accept_list(self, request):
        # Some generated clients name only the type of a call's errors. They get its result as JSON.
        return [accepted.replace(PROBLEM_TYPE, "application/json") for accepted in super().get_accept_list(request)]
