-- Projects without a product
-- Whoever keeps the product catalog: what counts nowhere yet, and where may it belong?
select
    organization_slug,
    project_slug,
    unresolved_issues,
    events_7d,
    suggested_product_id,
    suggestion_reason
from marts.unassigned_projects
order by
    events_7d desc,
    unresolved_issues desc
