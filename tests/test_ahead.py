"""Work that is begun early changes no order and hides no fault."""

import functools
import threading
import time

import pytest

from cotrace.ahead import ahead


def test_answers_come_in_the_order_of_the_tasks_however_long_each_takes():
    def slow(number):
        time.sleep(0.002 * (5 - number))
        return number

    for threads in (1, 2, 4):
        assert list(ahead((functools.partial(slow, n) for n in range(5)), threads)) == [0, 1, 2, 3, 4]


def test_a_task_is_asked_for_only_when_it_is_nearly_its_turn():
    asked = []

    def tasks():
        for number in range(10):
            asked.append(number)
            yield lambda: None

    found = ahead(tasks(), 2)
    next(found)

    assert asked == [0, 1, 2]


def test_the_next_is_worked_on_while_the_one_before_is_looked_at():
    begun = threading.Event()

    found = ahead([lambda: None, begun.set], 1)
    next(found)

    assert begun.wait(10)


def test_a_fault_comes_in_its_turn_and_a_fault_of_the_asking_as_it_is():
    def tasks():
        yield lambda: 1
        yield lambda: 1 / 0
        yield lambda: 3

    found = ahead(tasks(), 2)
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)

    def broken():
        yield lambda: 1
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="the file is gone"):
        list(ahead(broken(), 1))
