{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='issue_id',
        on_schema_change='fail',
    )
}}

{% set inputs = {
    'issues': ref('stg_sentry__issues'),
    'activities': ref('stg_sentry__issue_status_activities'),
    'observations': ref('stg_sentry__issue_status_observations'),
} %}

with {% if is_incremental() %} touched as (
    {{ touched_issues(inputs.values()) }}
),

{% endif %} {% for name, relation in inputs.items() %}
    {{ name }} as (

        select *
        from {{ relation }}
        {% if is_incremental() %}
            where issue_id in (select touched.issue_id from touched)
        {% endif %}

    ),
{% endfor %}

newest_loads as (

    select
        issue_id,
        max(_dlt_load_id) as _dlt_load_id
    from (
        {% for name in inputs %}
            select
                issue_id,
                _dlt_load_id
            from {{ name }}
            {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as loaded
    group by issue_id

),

observations_in_order as (

    select
        *,
        lead(observed_at) over (partition by issue_id order by observed_at) as next_observed_at
    from observations

),

-- Where an activity dates a change, it does not matter when the change was seen.
undated_observations as (

    select observations_in_order.*
    from observations_in_order
    left join activities
        on
            observations_in_order.issue_id = activities.issue_id
            and observations_in_order.to_status = activities.to_status
            and observations_in_order.previous_observed_at < activities.occurred_at
            and coalesce(observations_in_order.next_observed_at, timestamp '9999-12-31') > activities.occurred_at
    where activities.issue_id is null

),

reports as (

    select
        issue_id,
        to_status,
        occurred_at as changed_at,
        'activity' as source,
        activity_type,
        activity_number,
        cast(null as string) as from_status,
        cast(null as timestamp) as from_status_at
    from activities

    union all

    select
        issue_id,
        to_status,
        observed_at as changed_at,
        'observed' as source,
        null as activity_type,
        null as activity_number,
        from_status,
        previous_observed_at as from_status_at
    from undated_observations

    union all

    select
        issue_id,
        'unresolved' as to_status,
        first_seen_at as changed_at,
        'first_seen' as source,
        null as activity_type,
        null as activity_number,
        null as from_status,
        null as from_status_at
    from issues

)

select
    reports.issue_id,
    row_number() over in_order - 1 as report_number,
    reports.to_status,
    reports.changed_at,
    reports.source,
    reports.activity_type,
    reports.from_status,
    reports.from_status_at,
    issues.project_id,
    issues.listed_status,
    issues.observed_at as listed_at,
    issues.removed_reason,
    issues.removed_status,
    issues.removed_at,
    newest_loads._dlt_load_id
from reports
inner join issues
    on reports.issue_id = issues.issue_id
inner join newest_loads
    on reports.issue_id = newest_loads.issue_id
-- That an issue is gone for good, its own row says. What it was before, that of one that waited for it does not.
where
    issues.removed_at is null
    or {{ is_removed('issues.listed_status') }}
    or not {{ is_removed('reports.to_status') }}
    or reports.changed_at < issues.removed_at
window in_order as (
    partition by reports.issue_id
    order by
        reports.source = 'first_seen' desc,
        reports.changed_at asc,
        reports.source asc,
        reports.activity_number asc nulls last,
        reports.to_status asc
)
