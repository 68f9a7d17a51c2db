select
    line,
    organization as organization_slug,
    project as project_pattern,
    product_id
from {{ source('seeds', 'project_products') }}
