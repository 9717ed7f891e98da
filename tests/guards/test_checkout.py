"""A checkout on any system is the same: its scripts run, and its tests compare what they have to."""

import shutil
import subprocess

import pytest
from packaging.requirements import Requirement

from testing.servers import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no checkout by git"
)


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True).stdout


def test_a_checkout_on_windows_has_the_line_ends_of_the_repository(tmp_path):
    """There, git is set up to write CRLF; a shebang or a Makefile with it doesn't run in WSL or a container."""
    files = [tmp_path / name for name in git("ls-files", "-z").decode().split("\0") if name]

    git("-c", "core.autocrlf=true", "checkout-index", "--all", f"--prefix={tmp_path}/")

    assert [path.name for path in files if b"\r\n" in path.read_bytes()] == []
    assert files


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_no_package_is_asked_for_where_it_does_not_exist(platform):
    lines = (line.partition("  #")[0] for line in (ROOT / "requirements.txt").read_text().splitlines())
    wanted = [Requirement(line) for line in lines if line and line[0] not in "#-"]

    names = {each.name for each in wanted if not each.marker or each.marker.evaluate({"sys_platform": platform})}

    assert ("uvloop" in names) == (platform != "win32")
    assert {"Django", "uvicorn", "httptools"} <= names
