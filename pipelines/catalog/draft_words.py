"""The words in slugs and names: which of them tell one product from another, and what a draft calls it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipelines.catalog import values

LONGEST_NAME = 100
SEPARATORS = "-_."
_separators = re.compile(r"[-_.]+")

# What a program is made of or runs on: they are found under every product.
_GENERIC = """
android api app application apps back backend backends beta bot bots cli client core cron cronjob daemon default
demo desktop dev development django docker electron eu express external flask flutter front frontend function
functions gateway go golang graphql internal ios java javascript job jobs js kotlin lambda laravel legacy lib
main microservice mobile monitor native new next node nodejs old php poc portal prod production project proxy
public python queue rails react rest ruby rust scheduler script scripts sdk server service services site spring
stage staging svc swift test testing tests tool tools ui us v1 v2 v3 vue web webapp website worker workers www
"""
GENERIC = frozenset(_GENERIC.split())


def words_of(slug: str) -> list[str]:
    """Return the words of a slug, in lower case."""
    return [word for word in _separators.split(slug.lower()) if word]


class Words:
    """The words in the slugs of one organization; those that tell nothing are passed over."""

    def __init__(self, organization: str, slugs: Sequence[str]) -> None:
        self._mute = GENERIC | {organization.lower(), *words_of(organization)}
        if len(slugs) > 2:
            self._mute |= set.intersection(*(set(words_of(slug)) for slug in slugs))

    def telling(self, slug: str) -> list[str]:
        """Return the words of a slug that can tell its product, in order."""
        return [
            word
            for word in words_of(slug)
            if len(word) > 1 and not word.isdigit() and word not in self._mute
        ]

    def first(self, slug: str) -> str:
        """Return the first of them, blank if there is none."""
        return next(iter(self.telling(slug)), "")

    def tells(self, glob: str) -> bool:
        """Return whether a glob holds a word that can tell a product."""
        return bool(self.telling(glob.replace("*", "-")))

    @staticmethod
    def globs(slug: str) -> Iterator[str]:
        """Yield every glob that fits the slug and is whole words before or after one star."""
        for place, letter in enumerate(slug):
            if letter in SEPARATORS:
                yield f"{slug[: place + 1]}*"
                yield f"*{slug[place:]}"


def as_id(text: str) -> str:
    """Return text as a product_id: lower case, with a hyphen for what an id may not hold."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", plain).strip("-")[:LONGEST_NAME] or "product"


def as_name(text: str, slug: str) -> str:
    """Return text as the name of a product; made from the slug if it is none."""
    for name in (text, " ".join(words_of(slug)).title()):
        shown = values.one_line("".join(c if c.isprintable() else " " for c in name))
        shown = shown[:LONGEST_NAME].strip()
        if shown and not values.parse_text(shown)[1]:
            return shown
    return as_id(slug)


def group_name(word: str, names: Sequence[str], words: Words) -> str:
    """Return what the names of all projects begin with, if that says more than the word; else the word."""
    spelled = [name.split() for name in names]
    shared = []
    for column in zip(*spelled, strict=False):
        if len({part.lower() for part in column}) > 1:
            break
        shared.append(column[0])
    while shared and not words.telling("-".join(shared[-1:])):
        shared.pop()
    begins_alike = bool(shared) and word in words_of("-".join(shared))
    return as_name(" ".join(shared), word) if begins_alike else as_name("", word)
