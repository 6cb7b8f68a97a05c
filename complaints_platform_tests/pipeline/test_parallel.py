import threading

import pytest

from complaints_platform.pipeline.parallel import bounded_map


def test_results_come_in_the_order_of_items():
    assert list(bounded_map(lambda item: item * 2, range(50), 4)) == [item * 2 for item in range(50)]


def test_no_more_items_are_taken_than_workers_need():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = bounded_map(lambda item: item, items(), 3)
    next(results)
    assert len(taken) <= 4


def test_workers_work_at_once():
    barrier = threading.Barrier(3, timeout=10)
    assert list(bounded_map(lambda _: barrier.wait() >= 0, range(3), 3)) == [True] * 3


def test_a_failure_reaches_the_reader():
    def fail(item):
        if item == 2:
            raise ValueError("two")
        return item

    results = bounded_map(fail, range(5), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
