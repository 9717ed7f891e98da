from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    # The description is shown by Swagger UI. To compress Redoc, which comes with it, takes as long as all the rest.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]
