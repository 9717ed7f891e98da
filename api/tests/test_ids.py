import pytest

from api import ids

NOON = 1_769_860_800_000_000_000  # 2026-01-31T12:00:00Z in nanoseconds


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock that ids are made by."""
    return lambda nanoseconds: monkeypatch.setattr(ids.time, "time_ns", lambda: nanoseconds)


def test_an_id_is_a_uuid_of_version_7():
    made = [ids.uuid7() for _ in range(1000)]

    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {"specified in RFC 4122"}


def test_the_first_48_bits_are_the_milliseconds(clock):
    clock(NOON + 123_000_000)

    assert ids.uuid7().int >> 80 == NOON // 1_000_000 + 123


@pytest.mark.parametrize(
    ("nanoseconds", "fraction"),
    [(0, 0), (244, 0), (245, 1), (500_000, 2048), (999_755, 4094), (999_756, 4095), (999_999, 4095)],
)
def test_the_next_12_bits_are_their_fraction(clock, nanoseconds, fraction):
    clock(NOON + nanoseconds)

    assert ids.uuid7().int >> 64 & 0xFFF == fraction


def test_the_last_62_bits_are_random(clock, monkeypatch):
    clock(NOON)
    monkeypatch.setattr(ids.secrets, "randbits", lambda bits: (1 << bits) - 1)

    assert ids.uuid7().int & (1 << 64) - 1 == 0b10 << 62 | (1 << 62) - 1


def test_ids_of_one_moment_differ(clock):
    clock(NOON)

    assert len({ids.uuid7() for _ in range(10_000)}) == 10_000


def test_ids_are_in_the_order_in_which_they_are_made(clock):
    made = []
    for step in range(10_000):
        clock(NOON + step * 245)  # the fraction counts steps of 244 nanoseconds
        made.append(ids.uuid7())

    assert made == sorted(made)
    assert [str(each) for each in made] == sorted(str(each) for each in made)
