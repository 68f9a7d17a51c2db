select
    organization_slug,
    project_pattern,
    field,
    pattern
from marts.issue_rules
where routed_issues = 0
