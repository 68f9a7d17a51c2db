"""Bounded parallel work."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """A pool of threads, closed when the block ends."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.is_stopping = False
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="sentry")

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def each(self, tasks: Iterable[Task], call: Callable[[Task], Iterable[Task] | None]) -> None:
        """Run `call` on every task, and on the tasks that a call returns in its place.

        The next task is taken when there is room for it, by the thread that calls this. One that came in another's
        place is next, so that splitting one goes deep and not wide. Raises the first error, after what is under way has
        ended; nothing new is started then, and `is_stopping` asks long calls to end.
        """
        tasks = iter(tasks)
        waiting: deque[Task] = deque()
        running: set[Future[Iterable[Task] | None]] = set()
        try:
            while True:
                while len(running) < self.count:
                    waiting.extend(() if waiting else itertools.islice(tasks, 1))
                    if not waiting:
                        break
                    running.add(self._pool.submit(call, waiting.popleft()))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    waiting.extendleft(reversed(list(future.result() or ())))
        except BaseException:
            self.is_stopping = True
            raise
        finally:
            wait(running)
            self.is_stopping = False

    def map(self, call: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
        """Return the results in the order of the tasks; raises the first error."""
        results: dict[int, Result] = {}

        def one(numbered: tuple[int, Task]) -> None:
            index, task = numbered
            results[index] = call(task)

        self.each(list(enumerate(tasks)), one)
        return [results[index] for index in range(len(tasks))]
