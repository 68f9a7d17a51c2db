"""What makes a product at risk or critical: the rows win over what is built in, and mistakes are explained."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import pytest

from pipelines.catalog import HealthTarget, fingerprint

from .small_catalog import HEALTH, Folder

BUILT_IN = {
    HealthTarget(None, "late_high_issues", 1, 2, 0),
    HealthTarget(None, "late_ratio", 0.25, None, 0),
    HealthTarget(None, "at_risk_high_issues", 1, None, 0),
    HealthTarget(None, "events_growth", 2, 5, 0),
    HealthTarget(None, "crash_free_sessions", 0.995, 0.98, 0),
}
FILE = "seeds/health_targets.csv"


def targets(folder: Folder) -> set[HealthTarget]:
    catalog = folder.check().catalog
    assert catalog is not None
    return set(catalog.health_targets)


def test_without_the_file_the_built_in_targets_hold(folder: Folder) -> None:
    assert folder.messages() == []
    assert targets(folder) == BUILT_IN


def test_a_row_for_any_priority_replaces_what_is_built_in_and_one_for_a_priority_joins_it(
    folder: Folder,
) -> None:
    before = fingerprint(folder.path)
    folder.write(
        "health_targets.csv",
        HEALTH + ',EVENTS_GROWTH,3,\nlow,late_ratio,"0,5",1\nhigh,late_high_issues,,\n',
    )

    assert folder.messages() == []
    assert targets(folder) == {
        *(row for row in BUILT_IN if row.measure != "events_growth"),
        HealthTarget(None, "events_growth", 3, None, 2),
        HealthTarget("low", "late_ratio", 0.5, 1, 3),
        HealthTarget("high", "late_high_issues", None, None, 4),
    }
    assert fingerprint(folder.path) != before


@pytest.mark.parametrize(
    ("rows", "messages"),
    [
        (
            ",apdex,0.99,0.98\n,late_high_isues,,1\n",
            [
                ':2: error: measure "apdex" is not known; write one of late_high_issues, late_ratio, at_risk_high_issues, events_growth, crash_free_sessions',
                ':3: error: measure "late_high_isues" is not known; write one of late_high_issues, late_ratio, at_risk_high_issues, events_growth, crash_free_sessions; did you mean "late_high_issues"?',
            ],
        ),
        (
            ",events_growth,5,2\n",
            [
                ":2: error: at_risk 5 is beyond critical 2, but events_growth gets worse as it rises; write the smaller number in at_risk"
            ],
        ),
        (
            ",crash_free_sessions,0.98,0.995\nlow,crash_free_sessions,99.5,\nhigh,crash_free_sessions,0.9,0.9\n",
            [
                ":2: error: at_risk 0.98 is beyond critical 0.995, but crash_free_sessions gets worse as it falls; write the larger number in at_risk",
                ":3: error: at_risk 99.5 cannot be: crash_free_sessions is a share of the sessions; write a number above 0 and at most 1",
            ],
        ),
        (
            ",late_ratio,0.1,\n,late_ratio,0.2,\nhigh,late_ratio,0.1,\nHIGH,late_ratio,,\n",
            [
                ":3: error: late_ratio has targets for any priority in line 2 already; remove one of the rows",
                ':5: error: late_ratio has targets for priority "high" in line 4 already; remove one of the rows',
            ],
        ),
        (
            ",late_ratio,25,\nlow,late_high_issues,,0\nhigh,events_growth,1,\n",
            [
                ":2: error: at_risk 25 cannot be: late_ratio is a share of the open issues; write a number above 0 and at most 1",
                ":3: error: critical 0 cannot be: late_high_issues is a number of issues; write a number above 0 and at most 1,000,000",
                ":4: error: at_risk 1 cannot be: events_growth is how many times as many events, where 1 is as many; write a number above 1 and at most 1,000,000",
            ],
        ),
        (
            "urgent,late_ratio,25 %,\n,,1,\n",
            [
                ':2: error: priority "urgent" is not a priority; write one of critical, high, medium, low',
                ':2: error: at_risk "25 %" is not a number; write for example 2 or 0.25',
                ":3: error: measure is blank; write the measure's name",
            ],
        ),
    ],
)
def test_the_check_explains_mistakes_in_the_health_targets(
    folder: Folder, rows: str, messages: list[str]
) -> None:
    folder.write("health_targets.csv", HEALTH + rows)

    assert folder.messages() == [FILE + message for message in messages]


def test_a_misnamed_file_is_not_passed_over(folder: Folder) -> None:
    folder.write("health_target.csv", HEALTH)

    assert folder.messages() == [
        f'{FILE}: warning: the file is missing; is it "health_target.csv"?'
    ]
    assert targets(folder) == BUILT_IN
