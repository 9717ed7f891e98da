import os

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Request(WSGIRequest):
    def _set_content_type_params(self, meta):
        # A parameter in a charset that doesn't exist (`x*=none''%41`) would be a 500 before any of our code runs.
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unknown"}


application = get_wsgi_application()
from ownership.row_level_security import checks  # noqa: E402 (after Django is set up)

checks.verify()
application.request_class = Request
