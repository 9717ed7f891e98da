from bench.cases import CREATE, LIST, MEASURED, UNCHANGED
from bench.report import verdict
from bench.servers import ASYNC, OURS, SYNC
from bench.wrk import Run

MANY = next(case for case in MEASURED if case.per_request > 1)


def runs(*speeds: float, cpu_ms: float = 1.0) -> list[Run]:
    return [Run(requests=1, per_second=speed, cpu_ms=cpu_ms) for speed in speeds]


def test_the_faster_of_the_two_is_the_one_to_beat():
    figures = {
        ("list", OURS.key): runs(200, 300),
        ("list", SYNC.key): runs(50, 60),
        ("list", ASYNC.key): runs(100, 100),
    }

    said = verdict(LIST, figures)

    assert (said.against, said.ratios, said.met) == ("FastAPI async", [2.0, 3.0], True)


def test_a_target_that_is_missed_is_said_so():
    figures = {("list", each.key): runs(100, cpu_ms=cost) for each, cost in ((OURS, 2), (SYNC, 5), (ASYNC, 5))}

    said = verdict(LIST, figures)

    assert said.row() == "| List of 50 | FastAPI async | ≥ 2.2 | 1.00 | 1.00–1.00 | 2.50 | **missed** |"


def test_a_poll_is_compared_with_our_own_list():
    figures = {("poll", OURS.key): runs(500), ("list", OURS.key): runs(100)}

    said = verdict(UNCHANGED, figures)

    assert (said.against, said.ratios, said.met) == ("its own “List of 50”", [5.0], True)


def test_many_creates_are_compared_task_by_task():
    figures = {
        (MANY.key, OURS.key): runs(1600, cpu_ms=100 * MANY.per_request),
        (CREATE.key, OURS.key): runs(200, cpu_ms=1000),
    }

    said = verdict(MANY, figures)

    assert (said.ratios, said.cpu, said.met) == ([8.0], 10.0, True)
