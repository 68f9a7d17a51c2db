{{ config(materialized='view') }}

select
    closure.ancestor_id as product_id,
    closure.distance,
    issues.product_id as own_product_id,
    issues.routed_by,
    issues.organization_slug,
    issues.issue_id,
    issues.short_id,
    issues.project_id,
    issues.project_slug,
    issues.title,
    issues.culprit,
    issues.level,
    issues.status,
    issues.substatus,
    issues.issue_priority,
    issues.issue_category,
    issues.issue_type,
    issues.platform,
    issues.logger,
    issues.filename,
    issues.function_name,
    issues.error_type,
    issues.owners,
    issues.is_unhandled,
    issues.assignee,
    issues.assignee_type,
    issues.event_count,
    issues.user_count,
    issues.events_7d,
    issues.events_previous_7d,
    issues.change_7d,
    issues.first_seen_at,
    issues.last_seen_at,
    issues.opened_at,
    issues.resolved_at,
    issues.hours_to_resolution,
    issues.sla_target_hours,
    issues.sla_status,
    issues.is_in_production,
    issues.introduced_in_release,
    issues.regressed_in_release,
    issues.permalink
from {{ ref('product_closure') }} as closure
inner join {{ ref('fct_issues') }} as issues
    on closure.descendant_id = issues.product_id
where
    closure.is_counted
    and not {{ is_removed('issues.status') }}
