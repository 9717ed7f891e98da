"""The project's settings with password hashes that take their time as Argon2 does, but none of the processor's: for
tests of what happens meanwhile."""

import time

from django.contrib.auth.hashers import MD5PasswordHasher

from config.settings import *  # noqa: F403


class PatientHasher(MD5PasswordHasher):
    def encode(self, password, salt):
        time.sleep(0.1)
        return super().encode(password, salt)


PASSWORD_HASHERS = ["testing.patient_settings.PatientHasher"]
