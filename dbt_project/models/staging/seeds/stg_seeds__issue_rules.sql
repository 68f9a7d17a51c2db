select
    line,
    organization as organization_slug,
    project as project_pattern,
    field,
    pattern,
    product_id
from {{ source('seeds', 'issue_rules') }}
