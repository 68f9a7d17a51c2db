"""How a server wants to be asked: current Sentry, Sentry 10, Sentry 9, GlitchTip. `read/detection.py` finds it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ListingStyle = Literal["organization", "project", "glitchtip"]


@dataclass(frozen=True)
class Dialect:
    """How this server wants to be asked for issues.

    Attributes:
        listing: `organization` (event-window search), `project` (one listing per project: Sentry 9) or
            `glitchtip` (its own sort names, no window).
        batch: name of the parameter that reads issues by id, None where there is none.
        many_projects: False where one request may name a single project only.

    """

    listing: ListingStyle
    batch: Literal["group", "id"] | None
    many_projects: bool = True

    @property
    def counts_users(self) -> bool:
        """GlitchTip always answers 0 users."""
        return self.listing != "glitchtip"

    @property
    def hides_what_is_gone(self) -> bool:
        """GlitchTip takes a merged issue, or one that waits to be deleted, out of listings and reads by id only.

        Asked alone it is answered as if it were open.
        """
        return self.listing == "glitchtip"

    @property
    def has_activities(self) -> bool:
        """GlitchTip's are always empty."""
        return self.listing != "glitchtip"


CURRENT_SENTRY = Dialect("organization", "group")
ONE_PROJECT_AT_A_TIME = Dialect("organization", "group", many_projects=False)
SENTRY_9 = Dialect("project", None, many_projects=False)
GLITCHTIP = Dialect("glitchtip", "id")
