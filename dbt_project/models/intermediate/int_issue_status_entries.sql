{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='issue_id',
        on_schema_change='fail',
    )
}}

{% set all_issues = ref('stg_sentry__issues') %}
{% set all_activities = ref('stg_sentry__issue_status_activities') %}
{% set all_observations = ref('stg_sentry__issue_status_observations') %}
{% set if_touched = 'where issue_id in (select issue_id from touched)' if is_incremental() else '' %}

with {% if is_incremental() %} touched as (
    {{ touched_issues([all_issues, all_activities, all_observations]) }}
),

{% endif %} issues as (

    select * from {{ all_issues }}
    {{ if_touched }}

),

activities as (

    select * from {{ all_activities }}
    {{ if_touched }}

),

observations as (

    select
        *,
        lead(observed_at) over (partition by issue_id order by observed_at) as next_observed_at
    from {{ all_observations }}
    {{ if_touched }}

),

told as (

    select
        issue_id,
        to_status,
        occurred_at as changed_at,
        'activity' as source,
        activity_type,
        activity_number,
        cast(null as varchar) as from_status,
        cast(null as timestamp) as from_status_at
    from activities

    union all

    -- Where Sentry tells when it happened, it does not matter when it was seen.
    select
        observations.issue_id,
        observations.to_status,
        observations.observed_at as changed_at,
        'observed' as source,
        null as activity_type,
        null as activity_number,
        observations.from_status,
        observations.previous_observed_at as from_status_at
    from observations
    left join activities
        on
            observations.issue_id = activities.issue_id
            and observations.to_status = activities.to_status
            and observations.previous_observed_at < activities.occurred_at
            and coalesce(observations.next_observed_at, timestamp '9999-12-31') > activities.occurred_at
    where activities.issue_id is null

),

ordered as (

    select
        told.*,
        issues.listed_status,
        issues.observed_at,
        row_number() over in_order as step,
        lead(told.to_status) over in_order as next_status,
        lead(told.from_status, 1, issues.listed_status) over in_order as next_from_status,
        lead(told.from_status_at, 1, issues.observed_at) over in_order as next_from_status_at
    from told
    inner join issues
        on told.issue_id = issues.issue_id
    -- That an issue is gone for good, the issue itself tells.
    where
        issues.removed_at is null
        or told.to_status not in ('deleted', 'merged')
        or told.changed_at < issues.removed_at
    window in_order as (
        partition by told.issue_id
        order by told.changed_at, told.source, told.activity_number, told.to_status
    )

),

believable as (

    select
        *,
        max(case when to_status = listed_status then step end) over (partition by issue_id) as last_agreed_step
    from ordered
    where
        -- A commit or a pull request only announces a resolve: it is one if the issue was seen resolved thereafter.
        not coalesce(
            activity_type in ('set_resolved_in_commit', 'set_resolved_in_pull_request')
            and (next_status = 'resolved' or (next_from_status <> 'resolved' and next_from_status_at >= changed_at)),
            false
        )
        -- Only what was archived escalates from one status to another.
        and not coalesce(activity_type = 'set_escalating' and step = 1, false)

),

-- What contradicts the present status after having agreed with it is left out: if it is newer than what was listed;
-- if the issue is gone, since nothing happens to it then; and if it is unresolved, since then a resolve was only
-- announced, or it was archived until a day that has passed.
settled as (

    select
        *,
        lag(to_status, 1, 'unresolved') over (partition by issue_id order by step) as status_before,
        lag(changed_at) over (partition by issue_id order by step) as changed_before,
        row_number() over (partition by issue_id order by step desc) as steps_from_last
    from believable
    where
        step <= coalesce(last_agreed_step, case when listed_status in ('deleted', 'merged') then step else 0 end)
        or (listed_status in ('resolved', 'ignored') and changed_at <= observed_at)

),

entries as (

    select
        issue_id,
        0 as step,
        'unresolved' as status,
        first_seen_at as changed_at,
        'first_seen' as source
    from issues

    union all

    select
        issue_id,
        2 * step as step,
        to_status as status,
        changed_at,
        source
    from settled

    union all

    -- What it was before, only the next change tells.
    select
        issue_id,
        2 * step - 1 as step,
        from_status as status,
        null as changed_at,
        'unknown' as source
    from settled
    where
        from_status <> status_before
        and (changed_before is null or changed_before <= from_status_at)

    union all

    -- How it became what it is listed as, nothing tells.
    select
        issues.issue_id,
        1000000 as step,
        issues.listed_status as status,
        null as changed_at,
        'unknown' as source
    from issues
    left join settled
        on
            issues.issue_id = settled.issue_id
            and settled.steps_from_last = 1
    where issues.listed_status <> coalesce(settled.to_status, 'unresolved')

    union all

    select
        issue_id,
        1000001 as step,
        case when removed_reason = 'merged' then 'merged' else 'deleted' end as status,
        removed_at as changed_at,
        'observed' as source
    from issues
    where removed_reason is not null

),

loads as (

    select
        issue_id,
        max(_dlt_load_id) as _dlt_load_id
    from (
        select
            issue_id,
            _dlt_load_id
        from issues
        union all
        select
            issue_id,
            _dlt_load_id
        from activities
        union all
        select
            issue_id,
            _dlt_load_id
        from observations
    ) as inputs
    group by issue_id

)

select
    entries.issue_id,
    issues.project_id,
    issues.removed_reason,
    entries.step,
    entries.status,
    entries.changed_at,
    entries.source,
    loads._dlt_load_id
from entries
inner join issues on entries.issue_id = issues.issue_id
inner join loads on entries.issue_id = loads.issue_id
