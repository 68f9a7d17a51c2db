with resolves as (

    select
        changes.issue_id,
        count(*) as resolves_7d
    from marts.fct_issue_status_changes as changes
    cross join marts.publication
    where
        changes.to_status = 'resolved'
        and cast(changes.changed_at as date) > cast(publication.as_of as date) - 7
        and cast(changes.changed_at as date) <= cast(publication.as_of as date)
    group by changes.issue_id

)

select
    places.issue_row,
    places.place,
    issues.issue_id,
    issues.title,
    issues.organization_slug,
    issues.project_slug,
    issues.product_id,
    products.product_name,
    products.owner_team,
    coalesce(products.is_active, false) as is_active,
    issues.level,
    issues.issue_priority,
    issues.status,
    issues.sla_status,
    issues.resolved_at,
    issues.hours_to_resolution,
    issues.sla_target_hours,
    issues.opened_at + to_seconds(issues.sla_target_hours * 3600) as due_at,
    issues.events_7d,
    issues.user_count,
    coalesce(resolves.resolves_7d, 0) as resolves_7d,
    issues.first_seen_at,
    issues.last_seen_at,
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
    issues.regressed_in_release
from kept.places as places
inner join marts.fct_issues as issues
    on places.issue_row = issues.rowid
left join marts.dim_products as products
    on issues.product_id = products.product_id
left join marts.triage_queue as triage
    on issues.issue_id = triage.issue_id
left join resolves
    on issues.issue_id = resolves.issue_id
where
    places.place >= $first_place
    and places.place < $end_place
order by places.place
