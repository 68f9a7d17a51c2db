"""What the check says about mistakes in the mapping and the targets, word for word."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import pytest

from .small_catalog import HIGH, LEDGER, MAPPING, MATRIX, TARGETS, Folder

BROKEN: list[tuple[str, str, str | bytes | None, list[str]]] = [
    (
        "an unknown product",
        "project_products.csv",
        MAPPING + LEDGER + ",web,chekcout\n",
        [
            'seeds/project_products.csv:4: error: product_id "chekcout" is not in products.csv; did you mean "checkout"?',
        ],
    ),
    (
        "an unknown product like no other",
        "project_products.csv",
        MAPPING + LEDGER + ",web,zzz\n",
        [
            'seeds/project_products.csv:4: error: product_id "zzz" is not in products.csv; add it there, or write another product\'s id',
        ],
    ),
    (
        "a product by its name",
        "project_products.csv",
        MAPPING + LEDGER + ",web,Checkout  Flow\n",
        [
            'seeds/project_products.csv:4: error: product_id "checkout flow" is not in products.csv; did you mean "checkout"?',
        ],
    ),
    (
        "no product",
        "project_products.csv",
        MAPPING + LEDGER + ",web,\n",
        [
            "seeds/project_products.csv:4: error: product_id is blank; write the project's product",
        ],
    ),
    (
        "no project",
        "project_products.csv",
        MAPPING + LEDGER + "acme,,checkout\n",
        [
            "seeds/project_products.csv:4: error: project is blank; write a project's slug or glob",
        ],
    ),
    (
        "the same row twice",
        "project_products.csv",
        MAPPING + LEDGER + ",LEDGER,payments\n",
        [
            'seeds/project_products.csv:4: error: project "ledger" of any organization is mapped in line 3 already; remove one of the rows',
        ],
    ),
    (
        "one project in two products",
        "project_products.csv",
        MAPPING + LEDGER + ",ledger,checkout\n",
        [
            'seeds/project_products.csv:4: error: project "ledger" of any organization is mapped to "checkout" here and to "payments" in line 3; a project has one product, remove one of the rows',
        ],
    ),
    (
        "one glob in two products, in another spelling",
        "project_products.csv",
        MAPPING + LEDGER + "acme,checkout-**,payments\n",
        [
            'seeds/project_products.csv:4: error: glob "checkout-*" of organization "acme" is mapped to "payments" here and to "checkout" in line 2; a project has one product, remove one of the rows',
        ],
    ),
    (
        "a glob with brackets",
        "project_products.csv",
        MAPPING + LEDGER + ",checkout-[ab],checkout\n",
        [
            'seeds/project_products.csv:4: error: project "checkout-[ab]" may hold only * and ? as wildcards, and a-z, 0-9, "-", "_" and "."',
        ],
    ),
    (
        "a blank in a slug",
        "project_products.csv",
        MAPPING + LEDGER + ",my web,checkout\n",
        [
            'seeds/project_products.csv:4: error: project "my web" may hold only * and ? as wildcards, and a-z, 0-9, "-", "_" and "."; write "my-web"',
        ],
    ),
    (
        "wildcards in the organization",
        "project_products.csv",
        MAPPING + LEDGER + "acm*,web,checkout\n",
        [
            'seeds/project_products.csv:4: error: organization "acm*" cannot have wildcards; leave it blank for any organization',
        ],
    ),
    (
        "an organization's name instead of its slug",
        "project_products.csv",
        MAPPING + LEDGER + "My Org,web,checkout\n",
        [
            'seeds/project_products.csv:4: error: organization "My Org" may hold only a-z, 0-9, "-", "_" and "."; write "my-org"',
        ],
    ),
    (
        "organization and project in one cell",
        "project_products.csv",
        MAPPING + LEDGER + ",acme/web,checkout\n",
        [
            'seeds/project_products.csv:4: error: project "acme/web" is not a slug; write "web", and "acme" as organization',
        ],
    ),
    (
        "organization and project in the other cell",
        "project_products.csv",
        MAPPING + LEDGER + "acme/web-*,,checkout\n",
        [
            'seeds/project_products.csv:4: error: organization "acme/web-*" is not a slug; write "acme", and "web-*" as project',
            "seeds/project_products.csv:4: error: project is blank; write a project's slug or glob",
        ],
    ),
    (
        "a project's address",
        "project_products.csv",
        MAPPING + LEDGER + ",https://acme.sentry.io/projects/web/,checkout\n",
        [
            'seeds/project_products.csv:4: error: project "https://acme.sentry.io/projects/web/" is not a slug; write "web"',
        ],
    ),
    (
        "no mapping at all",
        "project_products.csv",
        MAPPING,
        [
            "seeds/project_products.csv: warning: has no rows, so that no project belongs to a product",
        ],
    ),
    (
        "two targets for a priority",
        "sla_targets.csv",
        TARGETS + HIGH + "HIGH,24\n",
        [
            'seeds/sla_targets.csv:3: error: priority "high" has a target in line 2 already; remove one of the rows',
        ],
    ),
    (
        "two targets for the same issues",
        "sla_targets.csv",
        MATRIX + "high,,72\nhigh,LOW,99\nhigh,low,98\n",
        [
            'seeds/sla_targets.csv:4: error: priority "high" has a target for low issues in line 3 already; remove one of the rows',
        ],
    ),
    (
        "an issue's priority that Sentry does not know",
        "sla_targets.csv",
        MATRIX + "high,,72\nhigh,fatal,9\nlow,critical,9\n",
        [
            'seeds/sla_targets.csv:3: error: issue_priority "fatal" is not a priority of issues; write one of high, medium, low, or leave it blank for any; fatal counts as high',
            'seeds/sla_targets.csv:4: error: issue_priority "critical" is not a priority of issues; write one of high, medium, low, or leave it blank for any',
        ],
    ),
    (
        "less time for what matters less",
        "sla_targets.csv",
        MATRIX + "high,,1\nhigh,low,24\nhigh,high,72\nlow,medium,9\n",
        [
            'seeds/sla_targets.csv:4: warning: priority "high" gives its high issues 72 hours, more than the 24 of its low ones (line 3); are they the wrong way round?',
        ],
    ),
    (
        "a misspelt column that might have been left out",
        "sla_targets.csv",
        "priority,issue priorty,resolve_within_hours\nhigh,low,72\n",
        [
            'seeds/sla_targets.csv:1: error: column "issue priorty" is not known; call it "issue_priority"',
        ],
    ),
    (
        "a target for an unknown priority",
        "sla_targets.csv",
        TARGETS + HIGH + "urgent,24\n",
        [
            'seeds/sla_targets.csv:3: error: priority "urgent" is not a priority; write one of critical, high, medium, low',
        ],
    ),
    (
        "hours with a unit",
        "sla_targets.csv",
        TARGETS + HIGH + "low,24h\nmedium,3 days\n",
        [
            'seeds/sla_targets.csv:3: error: resolve_within_hours "24h" is not a number of hours; write for example 24',
            'seeds/sla_targets.csv:4: error: resolve_within_hours "3 days" is not a number of hours; write for example 72',
        ],
    ),
    (
        "no time, and less than none",
        "sla_targets.csv",
        TARGETS + HIGH + "low,0\nmedium,-1\n",
        [
            'seeds/sla_targets.csv:3: error: resolve_within_hours "0" must be above 0 and at most 87600 (ten years)',
            'seeds/sla_targets.csv:4: error: resolve_within_hours "-1" must be above 0 and at most 87600 (ten years)',
        ],
    ),
    (
        "numbers that only programs write",
        "sla_targets.csv",
        TARGETS + HIGH + "low,nan\nmedium,1e3\n",
        [
            'seeds/sla_targets.csv:3: error: resolve_within_hours "nan" is not a number of hours; write for example 72',
            'seeds/sla_targets.csv:4: error: resolve_within_hours "1e3" is not a number of hours; write for example 72',
        ],
    ),
    (
        "no hours, and no priority",
        "sla_targets.csv",
        TARGETS + HIGH + "low,\n,3\n",
        [
            "seeds/sla_targets.csv:3: error: resolve_within_hours is blank; write the hours, or remove the row if there is no target",
            "seeds/sla_targets.csv:4: error: priority is blank; write one of critical, high, medium, low",
        ],
    ),
    (
        "a comma for thousands or for decimals",
        "sla_targets.csv",
        TARGETS + HIGH + 'low,"1,500"\n',
        [
            'seeds/sla_targets.csv:3: error: resolve_within_hours "1,500" can be read in two ways; write 1500 or 1.5',
        ],
    ),
    (
        "more than ten years",
        "sla_targets.csv",
        TARGETS + HIGH + "low,99999\n",
        [
            'seeds/sla_targets.csv:3: error: resolve_within_hours "99999" must be above 0 and at most 87600 (ten years)',
        ],
    ),
]


@pytest.mark.parametrize(
    ("file", "content", "messages"), [pytest.param(*case, id=name) for name, *case in BROKEN]
)
def test_the_check_explains_mistakes_in_the_mapping_and_the_targets(
    folder: Folder, file: str, content: str | bytes | None, messages: list[str]
) -> None:
    folder.write(file, content)

    assert folder.messages() == messages
