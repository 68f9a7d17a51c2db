{{ config(materialized='view') }}

{% set windows = {
    '7d': 'daily.date_on > clock.before_days_7_on',
    'previous_7d': 'daily.date_on > clock.before_days_14_on and daily.date_on <= clock.before_days_7_on',
    '30d': 'daily.date_on > clock.before_days_30_on',
    'previous_30d': 'daily.date_on > clock.before_days_60_on and daily.date_on <= clock.before_days_30_on',
} %}
{# Growth compares days that are over, of projects of which all of them are known. #}
{% set complete_windows = {
    '7d': 'daily.date_on >= clock.before_days_7_on and daily.date_on < clock.as_of_on',
    'previous_7d': 'daily.date_on >= clock.before_days_14_on and daily.date_on < clock.before_days_7_on',
} %}
{% set is_known = 'daily.events_known_from <= clock.before_days_14_on' %}

with days as (

    select
        *,
        min(case when event_count is not null then date_on end) over (partition by project_id) as events_known_from
    from {{ ref('int_project_product_daily') }}

)

-- A window is the sum of its days.
select
    daily.project_id,
    daily.product_id,
    {% for window, is_in_it in windows.items() %}
        sum(case when {{ is_in_it }} then daily.new_issues end) as new_issues_{{ window }},
        sum(case when {{ is_in_it }} then daily.resolved_issues end) as resolved_issues_{{ window }},
        sum(case when {{ is_in_it }} then daily.event_count end) as events_{{ window }},
        sum(case when {{ is_in_it }} then daily.production_event_count end) as production_events_{{ window }},
        sum(case when {{ is_in_it }} then daily.sessions end) as sessions_{{ window }},
        sum(case when {{ is_in_it }} then daily.crashed_sessions end) as crashed_sessions_{{ window }},
    {% endfor %}
    {% for window, is_in_it in complete_windows.items() %}
        sum(case when {{ is_known }} and {{ is_in_it }} then daily.event_count end) as events_complete_{{ window }},
    {% endfor %}
    sum(case when daily.date_on = clock.before_days_30_on then daily.unresolved_issues end)
        as unresolved_issues_30d_ago,
    max(daily.events_known_from) as events_known_from
from days as daily
cross join {{ ref('int_as_of') }} as clock
group by daily.project_id, daily.product_id
