"""The project's settings with quick password hashes: for servers where many sign in, and how slow that is isn't tested."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
