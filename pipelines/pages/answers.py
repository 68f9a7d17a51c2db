"""Answers of one publication, kept: until the file is replaced, the same address is the same page."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

MOST_BYTES = 32_000_000  # compressed, of all answers
LARGEST = 1_000_000  # of one: exports are made anew
# Half the time of the best, some 3 % more bytes.
COMPRESSION = 5


@dataclass(frozen=True)
class Answer:
    """A page, compressed."""

    body: bytes
    headers: dict[str, str]

    def respond(self, request: Request) -> Response:
        """Return it as the reader's program takes it."""
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.body, headers={**self.headers, "content-encoding": "gzip"})
        return Response(gzip.decompress(self.body), headers=self.headers)


class Answers:
    """Answers by what they depend on, `most_bytes` at most; those longest unused go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = Lock()
        # What is being worked out: who asks for the same meanwhile waits for it.
        self._working: dict[Hashable, Lock] = {}

    def get(
        self, key: Hashable, request: Request, work: Callable[[], Response], seconds: float
    ) -> Response:
        """Return the answer, worked out if it is not there; who has waited `seconds` for another does it himself."""
        if found := self._find(key):
            return found.respond(request)
        with self._lock:
            queue = self._working.setdefault(key, Lock())
        is_ours = queue.acquire(timeout=seconds)
        try:
            if found := self._find(key):
                return found.respond(request)
            response = work()
            if response.status_code != 200 or len(response.body) > 10 * LARGEST:
                return response
            answer = _answer(response)
            self._keep(key, answer)
            return answer.respond(request)
        finally:
            with self._lock:
                self._working.pop(key, None)
            if is_ours:
                queue.release()

    def _find(self, key: Hashable) -> Answer | None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def _keep(self, key: Hashable, answer: Answer) -> None:
        if len(answer.body) > LARGEST:
            return
        with self._lock:
            if key not in self._answers:
                self._answers[key] = answer
                self._bytes += len(answer.body)
            while self._bytes > self._most_bytes:
                _, gone = self._answers.popitem(last=False)
                self._bytes -= len(gone.body)


def _answer(response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    body = gzip.compress(response.body, COMPRESSION, mtime=0)
    return Answer(body, {**headers, "vary": "Accept-Encoding"})
