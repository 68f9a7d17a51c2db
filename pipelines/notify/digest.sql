-- What happened to issues after $since: new and high, late, fixed; by the section of the digest that tells of them.
with issues as (

    select
        issues.*,
        units.unit_id,
        issues.opened_at + to_seconds(issues.sla_target_hours * 3600) as late_at,
        publication.as_of
    from marts.fct_issues as issues
    cross join marts.publication as publication
    left join digest_units as units
        on issues.product_id = units.product_id
    where
        issues.status in ('unresolved', 'resolved')
        and (
            units.unit_id is not null
            or (issues.product_id is null and coalesce(lower($team), '(unassigned)') = '(unassigned)')
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
