"""The project's settings with quick password hashes, for servers in tests where many users sign in."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
