-- The issues that have a ticket, of organizations whose last sync was complete.
select
    issues.issue_id,
    issues.status,
    issues.opened_at,
    issues.resolved_at,
    coalesce(issues.title, '(no title)') as title,
    issues.permalink,
    issues.product_id,
    products.product_name,
    products.product_priority
from marts.fct_issues as issues
inner join marts.organization_freshness as organizations
    on issues.organization_slug = organizations.organization_slug and organizations.status = 'complete'
left join marts.dim_products as products
    on issues.product_id = products.product_id
where
    issues.issue_id in (select unnest($issue_ids))
    and issues.status in ('unresolved', 'resolved')
order by issues.issue_id
