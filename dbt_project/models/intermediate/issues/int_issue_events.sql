select
    events.issue_id,
    coalesce(sum(case when events.date_on > clock.before_days_7_on then events.event_count end), 0) as events_7d,
    coalesce(sum(case when events.date_on <= clock.before_days_7_on then events.event_count end), 0)
        as events_previous_7d
from {{ ref('stg_sentry__issue_daily_events') }} as events
inner join {{ ref('int_as_of') }} as clock
    on
        events.date_on > clock.before_days_14_on
        and events.date_on <= clock.as_of_on
group by events.issue_id
