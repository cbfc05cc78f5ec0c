import threading
import time

import pytest

from vsod.core.prefetch import prefetch


def alive():
    return [t.name for t in threading.enumerate() if t.name.startswith("vsod-")]


def test_order_is_kept_and_the_thread_ends():
    assert list(prefetch(range(100), depth=3)) == list(range(100))
    assert not alive()


def test_an_exception_reaches_the_caller():
    def source():
        yield 1
        raise OSError("gone")

    items = prefetch(source())
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)
    assert not alive()


def test_closing_early_closes_the_source_and_joins():
    closed = threading.Event()

    def source():
        try:
            n = 0
            while True:
                yield n
                n += 1
        finally:
            closed.set()

    items = prefetch(source(), depth=2)
    assert [next(items) for _ in range(5)] == [0, 1, 2, 3, 4]
    items.close()
    assert closed.is_set()
    assert not alive()


def test_it_works_ahead_but_not_further_than_depth():
    made = []

    def source():
        for n in range(50):
            made.append(n)
            yield n

    items = prefetch(source(), depth=4)
    next(items)
    deadline = time.monotonic() + 5
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    # one handed out, four waiting, one in hand
    assert len(made) == 6
    items.close()
