import pytest

pytest.register_assert_rewrite("api.tests.problems")
