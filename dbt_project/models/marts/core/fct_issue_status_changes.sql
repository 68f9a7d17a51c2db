select
    projects.organization_slug,
    spans.issue_id,
    spans.started_at as changed_at,
    spans.from_status,
    spans.status as to_status,
    spans.source
from {{ ref('int_issue_status_spans') }} as spans
inner join {{ ref('dim_projects') }} as projects
    on spans.project_id = projects.project_id
where spans.source in ('activity', 'observed')
