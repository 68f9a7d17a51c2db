"""Did you mean …: the candidate most like what was written, fast even among tens of thousands."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from difflib import SequenceMatcher

from pipelines.catalog.finding import quoted

LIKE_ENOUGH = 0.7
MOST_LOOKUPS = 50
COMPARED = 12


class Closest:
    """Looks up the closest of the candidates.

    Only the few that share the most pairs of letters are compared in full, and after 50 different
    lookups it says nothing more: by then the file has one mistake many times, not many mistakes.
    """

    def __init__(self, candidates: Collection[str]) -> None:
        self._candidates = sorted(candidates)
        self._holding: dict[str, list[str]] = {}
        self._found: dict[str, str | None] = {}

    def hint(self, written: str) -> str:
        """Return `; did you mean "payments"?`, or nothing if no candidate is like what was written."""
        found = self.find(written)
        return "" if found is None else f"; did you mean {quoted(found)}?"

    def find(self, written: str) -> str | None:
        """Return the closest candidate, the first in the alphabet among equals, or None."""
        if written not in self._found:
            if len(self._found) >= MOST_LOOKUPS:
                return None
            self._found[written] = self._search(written)
        return self._found[written]

    def _search(self, written: str) -> str | None:
        if not self._holding:
            self._index()
        shared: Counter[str] = Counter()
        for pair in _pairs(written):
            shared.update(self._holding.get(pair, ()))
        best, best_ratio = None, LIKE_ENOUGH
        matcher = SequenceMatcher(autojunk=False, b=written)
        for candidate in sorted(dict(shared.most_common(COMPARED))):
            matcher.set_seq1(candidate)
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = candidate, ratio
        return best or self._only_one_with_word(written)

    def _only_one_with_word(self, written: str) -> str | None:
        """Return the candidate of which this is one whole word, as `owner` of `owner_team`, if it is the only one."""
        found = [text for text in self._candidates if written in re.split("[-_ ]", text)]
        return found[0] if len(found) == 1 else None

    def _index(self) -> None:
        holding: defaultdict[str, list[str]] = defaultdict(list)
        for candidate in self._candidates:
            for pair in _pairs(candidate):
                holding[pair].append(candidate)
        self._holding = dict(holding)


def _pairs(text: str) -> dict[str, None]:
    framed = f"^{text[:100]}$"
    return dict.fromkeys(framed[at : at + 2] for at in range(len(framed) - 1))
