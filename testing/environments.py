"""What config/settings.py makes of an environment, without a process for each."""

import os
import runpy
import traceback
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured

from testing.databases import ROOT


def settings_of(**environment: str) -> dict[str, Any]:
    """The settings, read again in an environment that has nothing else."""
    with mock.patch.dict(os.environ, environment, clear=True):
        return runpy.run_path(f"{ROOT}/config/settings.py")


def refusal(**environment: str) -> str:
    """What a process prints that stops because of this environment."""
    with pytest.raises(ImproperlyConfigured) as error:
        settings_of(**environment)
    return "".join(traceback.format_exception(error.value))
