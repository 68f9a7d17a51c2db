select
    issues.organization_slug,
    issues.issue_id,
    issues.short_id,
    issues.title,
    issues.culprit,
    issues.project_slug,
    issues.product_id,
    found.product_name,
    found.owner_team,
    issues.level,
    issues.issue_priority,
    issues.status,
    issues.substatus,
    issues.sla_status,
    found.due_at,
    issues.event_count,
    issues.events_7d,
    issues.user_count,
    found.resolves_7d,
    issues.first_seen_at,
    issues.last_seen_at,
    issues.opened_at,
    found.triage_rank,
    found.score,
    found.product_points,
    found.severity_points,
    found.user_points,
    found.event_points,
    found.sla_points,
    found.regression_points,
    found.production_points,
    issues.is_in_production,
    issues.introduced_in_release,
    issues.regressed_in_release,
    issues.permalink,
    found.place
from marts.fct_issues as issues
inner join kept.issues as found
    on issues.rowid = found.issue_row
where
    issues.rowid in (select unnest($issue_rows))
    and found.rowid in (select unnest($kept_rows))
