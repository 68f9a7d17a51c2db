select
    project_id,
    date_on,
    unresolved_issues
from {{ ref('fct_project_daily') }}
where unresolved_issues < 0
