{% set hidden_categories = ['feedback', 'configuration'] | reject('in', var('include_categories')) | join("', '") %}

select
    issue_id,
    project_id,
    short_id,
    title,
    culprit,
    level,
    -- What it is now. Since when, and what it was before, its history says.
    {{ status_word('coalesce(removed_reason, status)') }} as status,
    {{ status_word('status') }} as listed_status,
    substatus,
    issue_priority,
    issue_category,
    issue_type,
    platform,
    is_unhandled,
    assignee_type,
    coalesce(assignee_name, assignee_email, assignee_id) as assignee,
    event_count,
    user_count,
    first_seen_at,
    last_seen_at,
    first_release as introduced_in_release,
    is_in_production,
    permalink,
    removed_reason,
    case when removed_reason is not null then {{ status_word('removed_reason') }} end as removed_status,
    removed_at,
    merged_into_issue_id,
    observed_at,
    _dlt_load_id
from {{ source('sentry', 'issues') }}
where coalesce(issue_category, 'error') not in ('{{ hidden_categories }}')
