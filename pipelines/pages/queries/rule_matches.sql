select
    count(*) as issues,
    count(*) filter (where status = 'unresolved') as unresolved_issues,
    sum(events_7d) as events_7d
from marts.fct_issues
where
    status not in ('deleted', 'merged')
    and ($organization is null or lower(organization_slug) = $organization)
    and lower(project_slug) like $project escape '!'
    and lower(
        case $field
            when 'title' then title
            when 'culprit' then culprit
            when 'platform' then platform
            when 'category' then issue_category
            when 'assignee' then assignee
        end
    ) like $pattern escape '!'
