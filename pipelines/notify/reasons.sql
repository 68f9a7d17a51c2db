-- Every reason about issues that began after $since. $is_past: also of issues that are resolved by now, for the question
-- what would have been sent.
with issues as (

    select
        issues.organization_slug,
        issues.issue_id,
        issues.short_id,
        issues.title,
        issues.project_slug,
        issues.product_id,
        issues.level,
        issues.issue_priority,
        issues.permalink,
        issues.event_count,
        issues.user_count,
        issues.assignee,
        issues.first_seen_at,
        issues.opened_at,
        issues.sla_target_hours,
        issues.opened_at + to_seconds(issues.sla_target_hours * 3600 * 0.8) as at_risk_at,
        issues.opened_at + to_seconds(issues.sla_target_hours * 3600) as late_at,
        case when issues.status = 'resolved' then coalesce(issues.resolved_at, issues.opened_at) else publication.as_of end
            as open_until,
        publication.as_of,
        products.product_name,
        products.product_priority,
        case
            when issues.product_id is null then '(unassigned)'
            else coalesce(products.owner_team, '(unowned)')
        end as team,
        coalesce(products.is_active, true) as is_counted
    from marts.fct_issues as issues
    cross join marts.publication as publication
    left join marts.dim_products as products
        on issues.product_id = products.product_id
    where issues.status = 'unresolved' or ($is_past and issues.status = 'resolved')

),

moments as (

    -- New, here as everywhere: first seen in the last 7 days. It may have become high since.
    select issues.*, 'new_high' as rule, first_seen_at as began_at, first_seen_at as stretch_at
    from issues
    where
        (level = 'fatal' or issue_priority = 'high')
        and ($is_past or first_seen_at > as_of - interval 7 day)
    union all
    select issues.*, 'regressed', opened_at, opened_at
    from issues
    where opened_at > first_seen_at
    union all
    select issues.*, 'sla_at_risk', at_risk_at, opened_at
    from issues
    where at_risk_at <= open_until and ($is_past or late_at >= as_of)
    union all
    select issues.*, 'sla_breached', late_at, opened_at
    from issues
    where late_at < open_until

)

select
    rule,
    organization_slug,
    issue_id,
    stretch_at,
    began_at,
    title,
    team,
    product_id,
    product_name,
    product_priority,
    permalink,
    is_counted,
    short_id,
    project_slug,
    level,
    issue_priority,
    event_count,
    user_count,
    assignee,
    late_at
from moments
where began_at > $since
order by began_at, organization_slug, issue_id
