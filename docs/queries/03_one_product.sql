-- Drill-down into one product
-- A product manager who saw a bad number: which part of the product, and which project, does it come from?
select
    parts.path,
    issues.organization_slug,
    issues.project_slug,
    count(*) as unresolved_issues,
    sum(case when issues.sla_status = 'breached' then 1 else 0 end) as sla_breached_issues,
    sum(issues.event_count) as event_count,
    min(issues.opened_at) as oldest_unresolved_at
from marts.product_issues as issues
inner join marts.dim_products as parts
    on issues.own_product_id = parts.product_id
where
    issues.product_id = 'payments'
    and issues.status = 'unresolved'
group by
    parts.path,
    issues.organization_slug,
    issues.project_slug
order by unresolved_issues desc
