"""Rules that route single issues: read as they are written, and explained where they cannot do what they say."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalog import IssueRule, SentryProject, check, fingerprint
from pipelines.catalog.values import ISSUE_FIELDS

from .small_catalog import PRODUCTS, SHOP, Folder

RULES = "organization,project,field,pattern,product_id\n"
FILE = "seeds/issue_rules.csv"
PROJECTS = [
    SentryProject("acme", "monolith", ("shop-backend",)),
    SentryProject("acme", "checkout-web"),
    SentryProject("acme", "ledger"),
]


def test_the_file_is_optional_and_its_rows_keep_their_patterns_as_written(folder: Folder) -> None:
    assert folder.messages() == []
    before = fingerprint(folder.path)
    folder.write("issue_rules.csv", RULES + 'ACME,Mono*,Title,"  Time  out**?, x",CHECKOUT\n')

    catalog = folder.check().catalog

    assert catalog is not None
    assert catalog.issue_rules == (
        IssueRule("acme", "mono*", "title", "Time out?*, x", "checkout", 2),
    )
    assert fingerprint(folder.path) != before


@pytest.mark.parametrize(
    ("rows", "messages"),
    [
        (
            ",monolith,tittle,x,checkout\n,monolith,title,x,checkuot\n",
            [
                f':2: error: field "tittle" is not a field of issues; write one of {", ".join(ISSUE_FIELDS)}; did you mean "title"?',
                ':3: error: product_id "checkuot" is not in products.csv; did you mean "checkout"?',
            ],
        ),
        (
            ",,title,x,checkout\n,monolith,,x,checkout\n,monolith,title,,checkout\n,monolith,title,x,\n",
            [
                ":2: error: project is blank; write a project's slug or glob",
                f":3: error: field is blank; write one of {', '.join(ISSUE_FIELDS)}",
                ":4: error: pattern is blank; write a text or glob to look for",
                ":5: error: product_id is blank; write the product to route to",
            ],
        ),
        (
            ",monolith,title,x*,checkout\n,monolith,title,X*,payments\n",
            [
                ':2: error: title "x*" of project "monolith" is there again in line 3; remove one of the rows'
            ],
        ),
        (
            "acme,monolith,title,x,checkout\n,*,title,X,payments\n,monolith,culprit,*,shop\n",
            [
                ':2: warning: title "x" of project "monolith" can route nothing: line 3 (title "X" of project "*") matches all that it does, and the last row wins; move this row below, or remove it'
            ],
        ),
        (
            ",monolith,title,x,checkout\n,monolith,title,*,old\n",
            [
                ':2: warning: title "x" of project "monolith" can route nothing: line 3 (title "*" of project "monolith") matches all that it does, and the last row wins; move this row below, or remove it',
                ':3: warning: product_id "old" is not active (products.csv), so that the issues count in no product above it; write an active product, unless that is meant',
            ],
        ),
        (
            ",shop-backend,title,x,checkout\n,monolit,title,x,checkout\n,mono*,title,y,checkout\n",
            [
                ':2: warning: project "shop-backend" of any organization was renamed in Sentry and keeps its product for now; write "monolith"',
                ':3: warning: project "monolit" of any organization fits no project of Sentry; did you mean "monolith"?',
            ],
        ),
    ],
)
def test_the_check_explains_mistakes_in_the_rules(
    folder: Folder, rows: str, messages: list[str]
) -> None:
    folder.write("products.csv", PRODUCTS + SHOP + "old,Old,,,data,,false\n")
    folder.write("issue_rules.csv", RULES + rows)

    assert folder.messages(PROJECTS) == [FILE + message for message in messages]


def test_a_rule_that_routed_no_issue_in_the_last_build_is_said(folder: Folder) -> None:
    folder.write(
        "issue_rules.csv",
        RULES + "acme,monolith,title,Typo,checkout\n,monolith,title,new,checkout\n",
    )
    unrouted = {("acme", "monolith", "title", "Typo"), (None, "gone", "title", "x")}

    found = check(folder.path, PROJECTS, unrouted).findings

    assert list(map(str, found)) == [
        f'{FILE}:2: warning: title "Typo" routed no issue in the last build: none matches, or a later row takes all that do; change the pattern, move the row down, or remove it'
    ]


def test_a_rule_that_fits_no_issue_yet_is_said_if_nothing_worse_is(folder: Folder) -> None:
    folder.write(
        "issue_rules.csv",
        RULES
        + ",monolith,title,x,checkout\n,monolith,tittle,y,checkout\n,monolith,title,z,checkout\n"
        + "acme,monolith,title,old,checkout\n,monolith,title,x*,checkout\n,*,title,z,shop\n",
    )
    unrouted = {("acme", "monolith", "title", "old")}

    found = check(folder.path, PROJECTS, unrouted, lambda rule: rule.pattern != "x*").findings

    assert [(each.line, each.severity, "fits no issue" in each.message) for each in found] == [
        (2, "warning", True),
        (3, "error", False),
        (4, "warning", False),
        (5, "warning", False),
        (7, "warning", True),
    ]


slugs = st.sampled_from(["a", "b", "*", "?"])
patterns = st.text("aB*?", min_size=1, max_size=3)


@given(st.lists(st.tuples(slugs, st.sampled_from(["title", "type"]), patterns), max_size=6))
def test_what_is_said_to_route_nothing_never_is_the_last_match(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    seeds = Folder(tmp_path_factory.mktemp("seeds"))
    seeds.write("products.csv", PRODUCTS + SHOP)
    seeds.write("issue_rules.csv", RULES + "".join(f",{p},{f},{t},shop\n" for p, f, t in rows))

    overruled = {
        finding.line
        for finding in seeds.check().findings
        if "can route nothing" in finding.message or "there again" in finding.message
    }

    for slug in ("a", "b"):
        for field in ("title", "type"):
            for text in ("", "a", "b", "ab", "ba", "aab"):
                matching = [
                    line
                    for line, (project, of, pattern) in enumerate(rows, start=2)
                    if of == field and _fits(project, slug) and _fits(pattern.lower(), text)
                ]
                assert not matching or matching[-1] not in overruled


def _fits(glob: str, text: str) -> bool:
    return bool(re.fullmatch(glob.replace("*", ".*").replace("?", "."), text))
