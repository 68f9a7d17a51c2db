with resolves as (

    select
        issue_id,
        count(*) as resolves_7d
    from marts.fct_issue_status_changes
    where
        to_status = 'resolved'
        and cast(changed_at as date) > cast($as_of as date) - 7
        and cast(changed_at as date) <= cast($as_of as date)
    group by issue_id

)

select
    issues.organization_slug,
    issues.issue_id,
    issues.short_id,
    issues.title,
    issues.culprit,
    issues.project_slug,
    issues.product_id,
    products.product_name,
    products.owner_team,
    issues.level,
    issues.issue_priority,
    issues.status,
    issues.substatus,
    issues.sla_status,
    issues.opened_at + to_seconds(issues.sla_target_hours * 3600) as due_at,
    issues.event_count,
    issues.events_7d,
    issues.user_count,
    coalesce(resolves.resolves_7d, 0) as resolves_7d,
    issues.first_seen_at,
    issues.last_seen_at,
    issues.opened_at,
    triage.triage_rank,
    triage.score,
    triage.product_points,
    triage.severity_points,
    triage.user_points,
    triage.event_points,
    triage.sla_points,
    triage.regression_points,
    triage.production_points,
    issues.is_in_production,
    issues.introduced_in_release,
    issues.regressed_in_release,
    issues.permalink
from marts.fct_issues as issues
left join marts.dim_products as products
    on issues.product_id = products.product_id
left join marts.triage_queue as triage
    on issues.issue_id = triage.issue_id
left join resolves
    on issues.issue_id = resolves.issue_id
where
    issues.status not in ('deleted', 'merged')
    and (
        $product is null
        or ($product = '(unassigned)' and issues.product_id is null)
        or issues.product_id in (
            select closure.descendant_id
            from marts.product_closure as closure
            where closure.ancestor_id = $product and closure.is_counted
        )
    )
    and ($own is null or issues.product_id = $product)
    and ($project is null or issues.project_slug = $project)
    and ($team is null or coalesce(products.owner_team, '(unowned)') = $team)
    and ($active is null or coalesce(products.is_active, false) = ($active = 'yes'))
    and ($status is null or issues.status = $status)
    and ($level is null or issues.level = $level)
    and ($priority is null or issues.issue_priority = $priority)
    and ($high is null or issues.issue_priority = 'high' or issues.level = 'fatal')
    and ($sla is null or (issues.sla_status = $sla and issues.status = 'unresolved'))
    and ($production is null or issues.is_in_production = ($production = 'yes'))
    and ($organization is null or issues.organization_slug = $organization)
    and (
        $release is null
        or ($brought is distinct from 'back' and issues.introduced_in_release = $release)
        or ($brought is distinct from 'new' and issues.regressed_in_release = $release)
    )
    and (
        $window is null
        or (
            $window = 'new7'
            and cast(issues.first_seen_at as date) > cast($as_of as date) - 7
            and cast(issues.first_seen_at as date) <= cast($as_of as date)
        )
        or ($window = 'resolved7' and resolves.resolves_7d > 0)
        or ($window = 'seen7' and cast(issues.last_seen_at as date) > cast($as_of as date) - 7)
    )
    and ($q is null or contains(lower(concat_ws(' ', issues.short_id, issues.title, issues.culprit)), lower($q)))
