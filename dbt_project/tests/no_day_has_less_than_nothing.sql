select
    project_id,
    product_id,
    date_on,
    unresolved_issues,
    event_count
from {{ ref('int_project_product_daily') }}
where
    unresolved_issues < 0
    or late_issues < 0
    or event_count < 0
