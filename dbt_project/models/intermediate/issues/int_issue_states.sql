{{ config(materialized='view') }}

with returned as (

    select distinct spans.issue_id
    from {{ ref('int_issue_status_spans') }} as spans
    inner join {{ ref('int_as_of') }} as clock
        on cast(spans.started_at as date) > clock.before_days_7_on
    where
        spans.status = 'unresolved'
        and spans.from_status = 'resolved'
        and not spans.is_restored

),

located as (

    select
        spans.issue_id,
        projects.organization_slug,
        projects.project_slug,
        sent.product_id,
        sent.routed_by,
        {{ sla_target_hours('products', sla_priority('issues')) }} as sla_target_hours,
        case
            when projects.is_deleted and issues.status <> 'merged' then 'deleted'
            else issues.status
        end as status,
        spans.opened_at,
        spans.resolved_at,
        issues.substatus,
        issues.first_seen_at,
        returned.issue_id is not null as is_returned,
        -- What was not seen in these days had no event; of what was, Sentry may still tell no counts.
        {% for events in ['events_7d', 'events_previous_7d'] %}
            cast(
                coalesce(
                    events.{{ events }},
                    case when cast(issues.last_seen_at as date) <= clock.before_days_14_on then 0 end
                ) as bigint
            ) as {{ events }},
        {% endfor %}
        regressions.regressed_in_release,
        survivors.survivor_issue_id as merged_into_issue_id,
        spans._dlt_load_id
    from {{ ref('int_issue_status_spans') }} as spans
    inner join {{ ref('stg_sentry__issues') }} as issues
        on spans.issue_id = issues.issue_id
    inner join {{ ref('int_issue_products') }} as sent
        on spans.issue_id = sent.issue_id
    inner join {{ ref('dim_projects') }} as projects
        on spans.project_id = projects.project_id
    cross join {{ ref('int_as_of') }} as clock
    left join {{ ref('dim_products') }} as products
        on sent.product_id = products.product_id
    left join {{ ref('int_merge_survivors') }} as survivors
        on spans.issue_id = survivors.issue_id
    left join {{ ref('int_issue_events') }} as events
        on spans.issue_id = events.issue_id
    left join {{ ref('int_issue_regressions') }} as regressions
        on
            spans.issue_id = regressions.issue_id
            and spans.opened_at = regressions.regressed_at
    left join returned
        on spans.issue_id = returned.issue_id
    where spans.is_present

),

timed as (

    select
        located.*,
        case
            when located.status = 'resolved' then {{ hours_between('located.opened_at', 'located.resolved_at') }}
        end as hours_to_resolution,
        case
            when located.status = 'unresolved' then {{ hours_between('located.opened_at', 'clock.as_of') }}
        end as hours_open,
        cast(located.resolved_at as date) > clock.before_days_7_on as is_resolved_7d,
        cast(located.first_seen_at as date) > clock.before_days_7_on as is_new_7d
    from located
    cross join {{ ref('int_as_of') }} as clock

)

select
    issue_id,
    organization_slug,
    project_slug,
    product_id,
    routed_by,
    status,
    opened_at,
    case when status = 'resolved' then resolved_at end as resolved_at,
    hours_to_resolution,
    sla_target_hours,
    case
        when status not in ('unresolved', 'resolved') then 'excluded'
        when sla_target_hours is null then 'no_target'
        when hours_to_resolution <= sla_target_hours then 'met'
        when hours_to_resolution > sla_target_hours or hours_open > sla_target_hours then 'breached'
        when hours_open >= sla_target_hours * 4 / 5 then 'at_risk'
        when hours_open is not null then 'on_track'
        else 'unknown'
    end as sla_status,
    events_7d,
    events_previous_7d,
    case
        when {{ is_removed('status') }} then null
        when status = 'resolved' and is_resolved_7d then 'resolved'
        when status = 'unresolved' and (is_returned or substatus = 'regressed') then 'regressed'
        when is_new_7d then 'new'
        when events_7d >= events_previous_7d + 10 and events_7d >= 1.5 * events_previous_7d then 'rising'
        when events_previous_7d >= events_7d + 10 and events_previous_7d >= 1.5 * events_7d then 'falling'
    end as change_7d,
    regressed_in_release,
    merged_into_issue_id,
    _dlt_load_id
from timed
