"""Random traits of an issue: how grave it is, whom it hit, when it had events."""

from __future__ import annotations

import json
from datetime import date
from random import Random

from .ground_truth import DAY
from .raw_world import Row

# 14,399 users and 9,772 events (but not one fewer) are the first that reach the most points of a score.
USERS = (None, 0, 1, 14_398, 14_399, 14_400)
EVENTS = (0, 1, 17, 900, 9_771, 9_772, 60_000)
# The first and last day of a window of seven days, those next to them, and days after as_of's.
DAYS_AGO = (-2, -1, -1, 0, 0, 1, 3, 5, 6, 6, 7, 7, 13, 14)


def random_traits(rng: Random, issue_id: str, *, is_mild: bool) -> Row:
    """Columns of the issue's row that nothing changes; a mild one is neither fatal nor high."""
    own = Random(f"what rules look at in {issue_id}")
    path = own.choice(["shop/cart.py", "shop/pay/card.py", "lib/search_index.js", None])
    levels = ["error", "error", "warning", "info", "debug", "sample"]
    priorities = [None, "low", "medium"]
    return {
        "title": f'Error {issue_id}: it\'s "broken"\n<b>',
        "culprit": rng.choice([None, "shop/cart.py in pay", "GET /basket?id=1&x='"]),
        "level": rng.choice(levels if is_mild else [*levels, "fatal"]),
        "issue_priority": rng.choice(priorities if is_mild else [*priorities, "high"]),
        "issue_type": rng.choice([None, "error", "performance_n_plus_one_db_queries"]),
        "platform": rng.choice([None, "python", "javascript", "cocoa"]),
        "is_unhandled": rng.choice([None, True, False]),
        "assignee_name": rng.choice([None, "Ida Rhodes"]),
        "logger": own.choice([None, "shop.pay", "Django.Request"]),
        "metadata": json.dumps(
            {"filename": path, "function": own.choice(["charge", "find 100%"]), "type": "KeyError"}
            if path
            else {"title": "a crash"}
        ),
        "owners": own.choice([None, "[]", '["#payments"]', '["user:7", "#search"]']),
        "user_count": rng.choice([*USERS, *(rng.randrange(300), rng.randrange(100_000)) * 4]),
    }


def random_events(rng: Random, today: date) -> dict[date, int]:
    """Events per day of the last two weeks or so; half the issues had none."""
    days = rng.sample(DAYS_AGO, k=rng.choice([0, 0, 0, 1, 2, 5]))
    return {today - ago * DAY: rng.choice(EVENTS) for ago in days}
