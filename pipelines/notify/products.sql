-- The health of each active product, and the organizations that its numbers come from.
with own_sources as (

    select product_id, organization_slug
    from marts.dim_projects
    where not is_deleted
    union
    -- Issues may be routed to another product than that of their project.
    select product_id, organization_slug
    from marts.fct_issues
    where status not in ('deleted', 'merged')

),

sources as (

    select
        closure.ancestor_id as product_id,
        list(distinct own_sources.organization_slug) as organizations
    from marts.product_closure as closure
    inner join own_sources
        on closure.descendant_id = own_sources.product_id
    where closure.is_counted
    group by closure.ancestor_id

)

select
    overview.product_id,
    overview.product_name,
    case when overview.owner_team is null then '(unowned)' else overview.owner_team end as team,
    overview.product_priority,
    overview.health,
    coalesce(overview.health_reason, '') as health_reason,
    coalesce(history.valid_from, publication.as_of) as since,
    coalesce(sources.organizations, []) as organizations
from marts.product_overview as overview
cross join marts.publication as publication
left join sources
    on overview.product_id = sources.product_id
left join marts.product_health_history as history
    on overview.product_id = history.product_id and history.valid_to is null
where overview.is_active
order by overview.tree_order
