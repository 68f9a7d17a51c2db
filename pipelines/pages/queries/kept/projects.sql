select
    projects.organization_slug,
    projects.project_slug,
    projects.project_name,
    projects.platform,
    projects.product_id,
    products.product_name,
    projects.mapped_by,
    count(issues.issue_id) as total_issues,
    count(case when issues.status = 'unresolved' then 1 end) as unresolved_issues,
    max(issues.last_seen_at) as last_seen_at
from marts.dim_projects as projects
left join marts.dim_products as products
    on projects.product_id = products.product_id
left join marts.fct_issues as issues
    on projects.project_id = issues.project_id and issues.status not in ('deleted', 'merged')
where not projects.is_deleted
group by all
