"""The list of mutants matches the code. (`make mutants` runs them, which takes minutes.)"""

import pytest

from testing.mutants import MUTANTS, ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_what_a_mutant_breaks_is_there_once(mutant):
    assert (ROOT / mutant.file).read_text().count(mutant.code) == 1
    assert mutant.code != mutant.broken
    assert all((ROOT / name).is_file() for name in mutant.tests)


def test_there_are_enough_of_them():
    assert len(MUTANTS) >= 100
