-- What happened to issues after $since: new and high, late, fixed; by the products of $team, of all teams by root product.
with issues as (

    select
        issues.*,
        case when $team is null then products.root_product_id else issues.product_id end as unit_id,
        issues.opened_at + to_seconds(issues.sla_target_hours * 3600) as late_at,
        publication.as_of
    from marts.fct_issues as issues
    cross join marts.publication as publication
    left join marts.dim_products as products
        on issues.product_id = products.product_id
    where
        issues.status in ('unresolved', 'resolved')
        and coalesce(products.is_active, true)
        and (
            $team is null
            or lower(case when issues.product_id is null then '(unassigned)' else coalesce(products.owner_team, '(unowned)') end)
            = lower($team)
        )

),

events as (

    select issues.*, 'new_high' as event, first_seen_at as at
    from issues
    where status = 'unresolved' and (level = 'fatal' or issue_priority = 'high') and first_seen_at > $since
    union all
    select issues.*, 'late', late_at
    from issues
    where status = 'unresolved' and late_at > $since and late_at < as_of
    union all
    select issues.*, 'fixed', resolved_at
    from issues
    where status = 'resolved' and resolved_at > $since

)

select
    unit_id,
    event,
    short_id,
    title,
    permalink,
    event_count,
    count(*) over (partition by unit_id, event) as events_of_kind
from events
qualify row_number() over (partition by unit_id, event order by event_count desc, issue_id) <= 5
order by unit_id, event, event_count desc, issue_id
