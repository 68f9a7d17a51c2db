"""A project of Sentry, as far as the mapping is compared with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SentryProject:
    """A project of Sentry; `former_slugs` are those it had in the same organization, newest first."""

    organization: str
    slug: str
    former_slugs: tuple[str, ...] = ()
    is_deleted: bool = False

    def __str__(self) -> str:
        """Return `organization/slug`."""
        return f"{self.organization}/{self.slug}"

    @classmethod
    def from_row(
        cls,
        organization: str,
        slug: str,
        former_slugs: Iterable[str] | None,
        is_deleted: bool | None,
    ) -> SentryProject:
        """Return the project of a row of a table of projects, in lower case as the files are."""
        former = tuple(name.lower() for name in former_slugs or ())
        return cls(organization.lower(), slug.lower(), former, bool(is_deleted))
