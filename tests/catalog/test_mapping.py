"""What the check finds in the mapping once it is compared with the projects that Sentry has."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.catalog import ProjectProduct, SentryProject
from pipelines.catalog.mapping import Matcher, literal_characters, survey

from .small_catalog import MAPPING, Folder

PROJECTS = [
    SentryProject("acme", "checkout-web"),
    SentryProject("acme", "general-ledger", ("ledger", "books")),
    SentryProject("beta", "mobile"),
    SentryProject("acme", "old", is_deleted=True),
]

SAID = [
    ("a row that fits", "acme,checkout-web,checkout", ""),
    ("a row for any organization that fits", ",mobile,checkout", ""),
    ("a glob that fits", ",check*,checkout", ""),
    (
        "a misspelt project",
        "acme,chekout-web,checkout",
        'warning: project "chekout-web" of organization "acme" fits no project of Sentry; did you mean "checkout-web"?',
    ),
    (
        "a misspelt project of any organization",
        ",mobil,checkout",
        'warning: project "mobil" of any organization fits no project of Sentry; did you mean "mobile"?',
    ),
    (
        "a project like no other",
        ",zzz,checkout",
        'warning: project "zzz" of any organization fits no project of Sentry',
    ),
    (
        "a project of another organization",
        "acme,mobile,checkout",
        'warning: project "mobile" of organization "acme" fits no project of Sentry, but organization "beta" has such a project',
    ),
    (
        "a misspelt organization",
        "acmee,checkout-web,checkout",
        'warning: organization "acmee" was not read from Sentry; did you mean "acme"?',
    ),
    (
        "a glob that fits nothing",
        "beta,zz-*,checkout",
        'warning: glob "zz-*" of organization "beta" fits no project of Sentry',
    ),
    (
        "a renamed project",
        ",ledger,payments",
        'warning: project "ledger" of any organization was renamed in Sentry and keeps its product for now; write "general-ledger"',
    ),
    (
        "a glob that fits a former slug",
        "acme,boo*,payments",
        'warning: glob "boo*" of organization "acme" fits only a former slug of "acme/general-ledger", which was renamed in Sentry; write a glob for the new slug',
    ),
    (
        "a deleted project",
        "acme,old,checkout",
        'warning: project "old" of organization "acme" fits only "acme/old", which Sentry no longer has; keep the row for its history, or remove it',
    ),
    (
        "a renamed project whose new slug has a row",
        ",general-ledger,payments\n,ledger,payments",
        'warning: project "ledger" of any organization fits only a former slug of "acme/general-ledger", which another row maps; remove this one',
    ),
    (
        "two globs that tie",
        "acme,check*,payments\nacme,c*-web,checkout",
        'error: glob "c*-web" of organization "acme" ("checkout") ties with "check*" ("payments") in line 2: both fit "acme/checkout-web" with 5 literal characters; add a row for that project, such as "acme,checkout-web,checkout", or make one glob longer',
    ),
    (
        "globs that tie below one that is longer",
        "acme,check*,payments\nacme,c*-web,checkout\nacme,checkout*,shop",
        "",
    ),
    (
        "globs that tie beside the project's own row",
        "acme,check*,payments\nacme,c*-web,checkout\n,checkout-web,shop",
        "",
    ),
    (
        "globs of the same length, one of which names the organization",
        "acme,check*,payments\n,c*-web,checkout",
        "",
    ),
    ("globs of the same length and product", "acme,check*,shop\nacme,c*-web,shop", ""),
]


@pytest.mark.parametrize(
    ("rows", "message"), [pytest.param(rows, said, id=name) for name, rows, said in SAID]
)
def test_the_mapping_is_compared_with_the_projects(folder: Folder, rows: str, message: str) -> None:
    folder.write("project_products.csv", MAPPING + rows + "\n")

    line = rows.count("\n") + 2
    expected = [f"seeds/project_products.csv:{line}: {message}"] if message else []
    assert folder.messages(PROJECTS) == expected


def test_without_projects_nothing_is_said_about_them(folder: Folder) -> None:
    folder.write(
        "project_products.csv", MAPPING + "acme,check*,payments\nacme,c*-web,checkout\n,zz,shop\n"
    )

    assert folder.messages() == []


slugs = st.text("ab", min_size=1, max_size=3)
ends = st.sampled_from(["", "a", "b", "ab", "ba"])
globs = st.builds("{}{}{}".format, ends, st.sampled_from(["*", "?", "*a*", "?*"]), ends)
organizations = st.sampled_from(["x", "x", "x", "y"])
mappings = st.lists(
    st.builds(
        ProjectProduct,
        organization=st.none() | organizations,
        project=slugs | globs | globs,
        product_id=st.sampled_from(["p", "q"]),
        line=st.just(0),
    ),
    min_size=2,
    max_size=12,
    unique_by=lambda row: (row.organization, row.project),
).map(
    lambda rows: [
        ProjectProduct(r.organization, r.project, r.product_id, n) for n, r in enumerate(rows)
    ]
)
projects = st.builds(SentryProject, organizations, slugs, st.lists(slugs, max_size=2).map(tuple))


def naive(rows: list[ProjectProduct], project: SentryProject) -> list[ProjectProduct]:
    """Rank every row that fits by the precedence as the contract words it, and keep the best."""
    ranked = []
    for row in rows:
        is_glob = "*" in row.project or "?" in row.project
        wild = re.escape(row.project).replace(r"\*", ".*").replace(r"\?", ".")
        for age, slug in enumerate((project.slug, *project.former_slugs)):
            fits = re.fullmatch(wild, slug) if is_glob else row.project == slug
            if fits and row.organization in (None, project.organization):
                rank = (is_glob, age, row.organization is None, -literal_characters(row.project))
                ranked.append((rank, row))
    best = min((rank for rank, _ in ranked), default=None)
    return [row for rank, row in ranked if rank == best]


SHORTER_THAN_A_GLOB = [
    ProjectProduct("x", "a*", "p", 1),
    ProjectProduct("x", "ab*", "q", 2),
    ProjectProduct("x", "*ba", "q", 3),
]


@settings(max_examples=200)
@example(SHORTER_THAN_A_GLOB, SentryProject("x", "a"))
@given(mappings, projects)
def test_the_rows_that_decide_are_those_of_the_contract(
    rows: list[ProjectProduct], project: SentryProject
) -> None:
    deciding = Matcher(rows).deciding(project)

    assert sorted(row.line for row in deciding) == sorted(row.line for row in naive(rows, project))


@given(mappings, st.lists(projects, max_size=4))
def test_a_tie_is_two_products_that_both_decide_a_project(
    rows: list[ProjectProduct], known: list[SentryProject]
) -> None:
    ties = survey(rows, known).ties.values()

    tied = [
        project for project in known if len({row.product_id for row in naive(rows, project)}) > 1
    ]
    assert {project for _, _, project in ties} <= set(tied)
    assert bool(ties) == bool(tied)
    assert all(first.product_id != second.product_id for first, second, _ in ties)


def test_a_project_of_a_table_is_compared_in_lower_case() -> None:
    assert SentryProject.from_row("Acme", "Web", ["Old"], True) == SentryProject(
        "acme", "web", ("old",), is_deleted=True
    )
    assert SentryProject.from_row("acme", "web", None, None) == SentryProject("acme", "web")
