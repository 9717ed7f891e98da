"""Runs the test suite as on Neon: through the pooler, as an owner that isn't a superuser, with verified TLS."""

import os
import subprocess
import sys

from drills.neon import Neon
from testing.servers import ROOT

OPTIONS = ("--database=postgres", "-q", "-n", "auto", "--maxprocesses=4", "--dist=loadfile")


def run_suite(neon: Neon, arguments: list[str]) -> bool:
    """Whether all tests pass. `arguments` go to pytest."""
    environment = {**os.environ, "TEST_DATABASE_URL": neon.pooled_url("postgres")}
    command = [sys.executable, "-m", "pytest", *OPTIONS, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0
