select
    projects.project_id,
    projects.organization_slug,
    projects.project_slug,
    products.product_id,
    products.product_name,
    projects.product_id is null as is_unassigned
from {{ ref('dim_projects') }} as projects
left join {{ ref('dim_products') }} as products
    on
        projects.product_id = products.product_id
        and products.is_active
where not projects.is_deleted
