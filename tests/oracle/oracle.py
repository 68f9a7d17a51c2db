"""What is hard in the published tables, computed a second time: plain Python over raw rows, no SQL.

It shares nothing with the models, so that a mistake must be made twice to go unseen. Columns that
a table only passes on are left out: another test compares them with where they come from. Where the
contract of the published tables leaves a choice, this is the reading taken here:

 1. A history starts unresolved at first seen. Activities that set a status give exact steps
    (set_resolved*, set_ignored, set_unresolved, set_regression, set_escalating); an observation
    adds a step at its observed_at only when no activity to the same status lies after the sync
    before it and before the next observation. What changes nothing is no step. A commit or a pull
    request only announces a resolve: it is one if what comes next comes from resolved.
 2. At any time an issue is in the state that its next known step comes from, and after the last one
    in its present state. So one that is closed now, with nothing to tell since when, was not open
    since its last known step.
 3. Any change to unresolved reopens, from ignored as from resolved. An issue that comes back from
    deleted or merged (access regained) goes on as it was.
 4. Each change to resolved is one resolve; resolving what is resolved changes nothing.
 5. resolved_at stands on issues that are resolved now, and only where a step dates it.
 6. sla_status, first that fits: excluded (ignored, deleted, merged), no_target, unknown (resolved,
    time unknown), then by the clock. Exactly on the target is met; exactly 80 % is at_risk.
 7. project_gone and access_lost are published as deleted; reprocessing as unresolved. A chain of
    merges is followed to its end. Categories feedback and configuration appear nowhere.
 8. Trends keep the issues of deleted projects until the deletion; other removed issues are in no
    trend. Each project's days start at its own first known day (first seen or event count), each
    product's at the first of its tree; a product whose tree knows no day has no row. What the last
    sync saw after midnight counts on the day on which it began.
 9. Mapping: of several former slugs the newest that any row fits decides, then the named
    organization, then the longer pattern. A glob on a former slug is mapped_by former_slug.
10. A deleted project keeps its product in dim_projects and counts for none. An issue is in the
    organization that its project is in now, also if it was gone before the project moved.
11. team_accountability and `(all)` are over active products, sla_compliance over all; an inactive
    root keeps its own row in executive_summary. `(all)` leaves unassigned projects out.
12. sla_compliance and sla_met_ratio count resolves, not issues, by the priority and target with
    which their month closed: those of the first version in product_history that lived to its end
    (exactly to it is enough) and has a target. The month that is still open goes by today's.
13. unresolved_issues_30d_ago is what the trend says for the end of the day 30 days before as_of's.
14. The triage queue holds unresolved issues of active products, and of projects without one. Points
    for users and events have one decimal; unknown users are none. An issue came back if a resolve is
    anywhere in its history, or if Sentry calls it regressed; one that was only archived did not.
    Equal scores: the one seen last goes first, one never seen last, then the issue id as text.
15. A measure is in a state from its target on. An issue is active that was last seen in the seven
    days that end with as_of's. The reason for a health names every measure that is in the worst
    state, by name. Events of projects that are deleted make no product grow; where a week had none,
    the next is compared with one event. `(all)` and `(unassigned)` go by the targets of any priority.
16. A suggestion needs a vote of a trusted kind and none for another product. Kinds, as if the project
    had no product: all others of its organization with a word of its slug have one product (two or
    more others: word; one: single), a product's id or name has no word that the slug lacks (name), or
    three others of one of its teams, and four in five, have one product (team). Only projects that
    exist and have an active product speak. A kind is trusted in an organization if 7 in 10 of the
    speaking projects that it knows something of, and two that it failed, would get their product.
17. A product always counts in itself, also one that is inactive (is_counted).
18. A history has a version per change that a build saw under a newer as_of. What was replaced
    under one as_of gives way; what came and went under it ends as it began. That of health has one
    per stretch of one health, with the reason that it began with.
19. An issue's events are unknown if it was seen in the two weeks that end with as_of's day, or never,
    and no day of them has a count. Its movement goes by the first that fits: resolved, regressed, new,
    rising, falling. Shares are of the sum of all rises and falls, without their sign.
20. An issue has the product of the last rule that matches it: its field (any of its owners) and one of
    its project's slugs, also a former one of this organization, case ignored. Its project counts in its
    own product alone. The events of its days go with it while it is live, as far as its project has
    a count for the day; where there are more than that, the product with the most takes first.
21. Events in production are known of the days of which Sentry tells a number. A project that sends sessions had none
    on a day of which it tells none, from its own first such day to the last of its organization. What is known of a
    tree is added up, sessions by their number.
22. A release brought what it introduced, and what it brought back when that was last reopened. Where Sentry counts new
    issues of it and none is known, or Sentry does not count, their number is unknown.
23. A ticket and its issue disagree if the one is done and the other unresolved, or the other way round; of an issue in
    a project of Jira's, its newest ticket alone can.
"""

from __future__ import annotations

from . import oracle_reports as reports
from .oracle_days import Days
from .oracle_facts import Oracle
from .oracle_health import product_health_history, product_health_measures
from .oracle_movers import product_movers
from .oracle_tickets import fct_tickets
from .oracle_triage import triage_queue
from .oracle_usage import dim_releases, product_releases
from .oracle_versions import product_history, project_assignment_history
from .raw_world import RawWorld, Row

KEYS: dict[str, tuple[str, ...]] = {
    "dim_products": ("product_id",),
    "product_closure": ("ancestor_id", "descendant_id"),
    "dim_projects": ("project_id",),
    "dim_releases": ("organization_slug", "version", "project_id"),
    "fct_issues": ("issue_id",),
    "issue_rules": ("line",),
    "fct_issue_status_changes": ("issue_id", "changed_at", "to_status"),
    "fct_tickets": ("ticket_key",),
    "fct_project_daily": ("project_id", "date_on"),
    "product_overview": ("product_id",),
    "product_health_measures": ("product_id", "measure"),
    "product_health_history": ("product_id", "valid_from"),
    "product_issues": ("product_id", "issue_id"),
    "product_movers": ("product_id", "issue_id"),
    "product_daily": ("product_id", "date_on"),
    "product_monthly": ("product_id", "month_on"),
    "product_releases": ("product_id", "organization_slug", "version"),
    "team_accountability": ("owner_team",),
    "unassigned_projects": ("organization_slug", "project_slug"),
    "sla_compliance": ("product_priority", "month_on"),
    "executive_summary": ("product_id",),
    "triage_queue": ("issue_id",),
    "product_history": ("product_id", "valid_from"),
    "project_assignment_history": ("project_id", "valid_from"),
}


def expected(world: RawWorld, *earlier: RawWorld) -> dict[str, list[Row]]:
    """The rows of each published table, in no order; `earlier`: what builds saw before, oldest first."""
    oracle = Oracle(world, earlier)
    days = Days(oracle)
    return {
        "dim_products": list(oracle.products.values()),
        "product_closure": oracle.catalog.product_closure(),
        "dim_projects": list(oracle.projects.values()),
        "dim_releases": dim_releases(oracle),
        "fct_issues": list(oracle.issues.values()),
        "issue_rules": reports.issue_rules(oracle),
        "fct_issue_status_changes": oracle.fct_issue_status_changes(),
        "fct_project_daily": days.fct_project_daily(),
        "fct_tickets": fct_tickets(oracle),
        "product_overview": reports.product_overview(oracle),
        "product_health_measures": product_health_measures(oracle),
        "product_health_history": product_health_history(oracle),
        "product_movers": product_movers(oracle),
        "product_issues": reports.product_issues(oracle),
        "product_daily": days.product_daily(),
        "product_monthly": days.product_monthly(),
        "product_releases": product_releases(oracle),
        "team_accountability": reports.team_accountability(oracle),
        "unassigned_projects": reports.unassigned_projects(oracle),
        "sla_compliance": reports.sla_compliance(oracle),
        "executive_summary": reports.executive_summary(oracle, days),
        "triage_queue": triage_queue(oracle),
        "product_history": product_history(oracle),
        "project_assignment_history": project_assignment_history(oracle),
    }
