{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='issue_id',
        on_schema_change='fail',
    )
}}

{# The state of an issue changes with the catalog and with time, too. The rest changes only with its load. #}
{% set state_columns = [
    '_dlt_load_id',
    'organization_slug',
    'project_slug',
    'product_id',
    'routed_by',
    'status',
    'sla_target_hours',
    'sla_status',
    'events_7d',
    'events_previous_7d',
    'change_7d',
    'regressed_in_release',
    'merged_into_issue_id',
] %}

with changed as {{ materialized() }} (

    select states.*
    from {{ ref('int_issue_states') }} as states
    {% if is_incremental() %}
        left join {{ this }} as stored
            on states.issue_id = stored.issue_id
        where
            stored.issue_id is null
            {%- for column in state_columns %}
                or states.{{ column }} is distinct from stored.{{ column }}
            {%- endfor %}
    {% endif %}

)

select
    changed.organization_slug,
    issues.issue_id,
    issues.short_id,
    issues.project_id,
    changed.project_slug,
    changed.product_id,
    changed.routed_by,
    issues.title,
    issues.culprit,
    issues.level,
    changed.status,
    issues.substatus,
    issues.issue_priority,
    issues.issue_category,
    issues.issue_type,
    issues.platform,
    issues.logger,
    issues.filename,
    issues.function_name,
    issues.error_type,
    {{ json_texts('issues.owners') }} as owners,
    issues.is_unhandled,
    issues.assignee,
    issues.assignee_type,
    issues.event_count,
    issues.user_count,
    changed.events_7d,
    changed.events_previous_7d,
    changed.change_7d,
    issues.first_seen_at,
    issues.last_seen_at,
    changed.opened_at,
    changed.resolved_at,
    changed.hours_to_resolution,
    changed.sla_target_hours,
    changed.sla_status,
    issues.is_in_production,
    issues.introduced_in_release,
    changed.regressed_in_release,
    issues.permalink,
    issues.removed_reason,
    issues.removed_at,
    changed.merged_into_issue_id,
    changed._dlt_load_id
from changed
inner join {{ ref('stg_sentry__issues') }} as issues
    on changed.issue_id = issues.issue_id
