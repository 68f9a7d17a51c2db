-- Teams and what they answer for
-- A head of engineering: does each team keep up with what it owns, and what does nobody own?
select
    owner_team,
    product_count,
    project_count,
    unresolved_issues,
    new_issues_7d,
    resolved_issues_7d,
    sla_breached_issues,
    median_hours_to_resolution_30d,
    oldest_unresolved_at
from marts.team_accountability
order by
    sla_breached_issues desc,
    unresolved_issues desc
