select
    projects.organization_slug,
    projects.project_slug,
    projects.project_id,
    numbers.total_issues,
    numbers.unresolved_issues,
    numbers.events_7d,
    numbers.last_seen_at,
    suggestions.suggested_product_id,
    suggestions.suggestion_reason
from {{ ref('int_project_numbers') }} as numbers
inner join {{ ref('dim_projects') }} as projects
    on numbers.project_id = projects.project_id
left join {{ ref('int_product_suggestions') }} as suggestions
    on numbers.project_id = suggestions.project_id
where numbers.product_id = '(unassigned)'
