"""Bounded parallel work."""

from __future__ import annotations

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

    def each(self, tasks: Sequence[Task], call: Callable[[Task], Iterable[Task] | None]) -> None:
        """Run `call` on every task, and on the tasks that a call returns in its place.

        A task that came in another's place is next, so that splitting one goes deep and not wide. Raises the first
        error, after what is under way has ended; nothing new is started then, and `is_stopping` asks long calls to end.
        """
        waiting = deque(tasks)
        running: set[Future[Iterable[Task] | None]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < self.count:
                    running.add(self._pool.submit(call, waiting.popleft()))
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
