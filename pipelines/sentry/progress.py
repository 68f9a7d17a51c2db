"""How far a sync has come, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """The step under way: of which organization, how many of its things are done (total 0: not known)."""

    organization: str = ""
    number: int = 0
    organizations: int = 0
    step: str = "organizations, projects and teams"
    done: int = 0
    total: int = 0

    def begin(self, step: str, total: int = 0) -> None:
        """Note that another step has begun."""
        self.step, self.done, self.total = step, 0, total
