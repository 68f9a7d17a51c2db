-- The health of each active product, and the organizations that its numbers come from.
with sources as (

    select
        closure.ancestor_id as product_id,
        list(distinct projects.organization_slug) as organizations
    from marts.product_closure as closure
    inner join marts.dim_projects as projects
        on closure.descendant_id = projects.product_id
    where closure.is_counted and not projects.is_deleted
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
