import logging
import os

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from api.paths import below_prefix

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Request(WSGIRequest):
    def __init__(self, environ):
        environ["PATH_INFO"] = below_prefix(environ["PATH_INFO"])
        super().__init__(environ)

    def _set_content_type_params(self, meta):
        # A parameter in a charset that doesn't exist (`x*=none''%41`) would be a 500 before any of our code runs.
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unknown"}


application = get_wsgi_application()
from ownership.row_level_security import checks  # noqa: E402 (after Django is set up)

checks.verify()
if not settings.DEBUG and not getattr(staticfiles_storage, "hashed_files", True):
    message = "The pages can't be shown: STATIC_ROOT (%s) is empty. Run `manage.py collectstatic`."
    logging.getLogger(__name__).error(message, settings.STATIC_ROOT)
application.request_class = Request
