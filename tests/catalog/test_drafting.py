"""A drafted catalog is valid whatever Sentry holds, and maps each project to the product it was drafted for."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalog import SentryProject, check
from pipelines.catalog.drafting import (
    Draft,
    ListedOrganization,
    ListedProject,
    draft,
)
from pipelines.catalog.mapping import Matcher, is_glob
from pipelines.commands.init import write_draft

WORDS = ["checkout", "auth", "search", "api", "web", "acme", "shop", "v2", "a", "1", ""]
slugs = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("-".join)
hostile = st.text(st.sampled_from("aZ-_.*?é/, \n\"'=\u212a\u0130\u200b"), min_size=1, max_size=6)
teams = st.frozensets(st.sampled_from(["shop", "api", "(unowned)", "#REF!", "Ü", "a b", " x"]))
names = st.one_of(st.sampled_from(["", "Checkout Web", "#N/A", "Checkout  Api"]), st.text())
projects = st.builds(ListedProject, st.one_of(slugs.filter(bool), hostile), names, teams)
organizations = st.builds(
    ListedOrganization,
    st.one_of(st.sampled_from(["acme", "shop", "api", "ACME", "checkout-web"]), hostile),
    names,
    st.dictionaries(st.sampled_from(["shop", "Ü", "a b"]), names),
    st.lists(projects, max_size=14),
)


def organization(slug: str, **teams_of: str) -> ListedOrganization:
    """An organization of projects named with underscores, each with its teams, comma separated."""
    return ListedOrganization(
        slug,
        slug.title(),
        {team: team.title() for text in teams_of.values() for team in text.split(",") if team},
        [
            ListedProject(
                name.replace("_", "-"),
                name.replace("_", " ").title(),
                frozenset(filter(None, text.split(","))),
            )
            for name, text in teams_of.items()
        ],
    )


def drawn(drafted: Draft) -> list[str]:
    """Each product with its owner and its rows, children indented."""
    return [
        f"{'  ' if p.parent_id else ''}{p.product_id} {p.owner_team or '-'}: {' '.join(p.patterns)}"
        for p in drafted.products
    ]


@given(st.lists(organizations, min_size=1, max_size=3))
def test_a_draft_is_valid_and_maps_each_project_as_drafted(
    listed: list[ListedOrganization],
) -> None:
    drafted = draft(listed)
    live = [SentryProject.from_row(o.slug, p.slug, None, False) for o in listed for p in o.projects]
    with TemporaryDirectory() as name:
        write_draft(Path(name), drafted)
        checked = check(Path(name), live)
    assert checked.catalog, [str(found) for found in checked.errors]
    matcher = Matcher(checked.catalog.project_products)
    product_of = {
        f"{p.organization.lower()}/{each.slug.lower()}": p.product_id
        for p in drafted.products
        for each in p.projects
    }
    for project in live:
        found = {row.product_id for row in matcher.deciding(project)}
        assert found == {product_of[str(project)]} if str(project) in product_of else not found
    assert len(product_of) + len(drafted.left_out) == len(set(map(str, live)))
    assert {p.product_id for p in drafted.products if not p.parent_id} >= {
        p.parent_id for p in drafted.products if p.parent_id
    }


def test_teams_are_the_roots_where_most_projects_have_one_of_their_own() -> None:
    listed = organization(
        "acme",
        checkout_web="buy,everyone",
        checkout_api="buy,everyone",
        checkout_ios="everyone",
        cart="buy,everyone",
        auth_api="identity,everyone",
        auth_pay="buy,everyone",
        profile="identity,everyone",
        api="everyone,buy,identity",
        landing="everyone",
    )
    assert drawn(draft([listed])) == [
        "buy -: auth-pay cart",
        "  checkout -: checkout-*",
        "identity identity: auth-api profile",
        "acme -: api landing",
    ]


def test_words_are_the_roots_where_there_are_groups_within_them() -> None:
    listed = organization(
        "acme",
        acme_shop_cart_web="",
        acme_shop_cart_api="",
        acme_shop_search_web="",
        acme_shop_search_api="",
        acme_crm_web="",
        acme_crm_api="",
        acme_status="",
    )
    assert drawn(draft([listed])) == [
        "crm -: acme-crm-*",
        "shop -: ",
        "  shop-cart -: acme-shop-cart-*",
        "  shop-search -: acme-shop-search-*",
        "acme -: acme-status",
    ]


def test_else_the_organization_is_the_root_and_generic_words_make_no_group() -> None:
    listed = organization("acme", web_cart="", api_cart="", web_blog="", api="", web="")
    assert drawn(draft([listed])) == ["acme -: api web web-blog", "  cart -: *-cart"]


def test_a_glob_that_would_catch_another_product_is_not_drafted() -> None:
    listed = organization("acme", pay_card="a", pay_bank="a", pay_slip="b", hr="b", tax="b")
    assert drawn(draft([listed])) == ["a a: pay-bank pay-card", "b b: hr pay-slip tax"]


def test_equal_names_in_two_organizations_stay_apart() -> None:
    both = [organization(slug, shop_web="", shop_api="", blog="") for slug in ("acme", "shop")]
    assert drawn(draft(both)) == [
        "acme -: blog",
        "  shop -: shop-*",
        "shop-shop -: blog shop-api shop-web",
    ]


def test_a_name_that_all_projects_share_is_the_products() -> None:
    listed = [
        ListedProject("pay-web", "Pay Later (web)"),
        ListedProject("pay-api", "Pay Later API"),
        ListedProject("hr", "People"),
    ]
    _, child = draft([ListedOrganization("acme", "", {}, listed)]).products
    assert (child.name, child.guessed_from) == ("Pay Later", 'the word "pay" in the slugs')


def test_what_a_row_cannot_name_is_left_out_and_caught_by_no_glob() -> None:
    listed = [ListedProject(slug) for slug in ("pay-web", "pay-api", "pay-*", "pay-é", "x")]
    drafted = draft([ListedOrganization("acme", "Acme", {}, listed)])
    assert drafted.left_out == ["acme/pay-*", "acme/pay-é"]
    assert not any(is_glob(pattern) for p in drafted.products for pattern in p.patterns)
