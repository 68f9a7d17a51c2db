{{ config(meta={'dagster': {'ref': {'name': 'int_issue_status_spans'}}}) }}

select
    issues.issue_id,
    issues.status,
    spans.status as status_of_the_last_span
from {{ ref('stg_sentry__issues') }} as issues
left join {{ ref('int_issue_status_spans') }} as spans
    on
        issues.issue_id = spans.issue_id
        and spans.is_present
where spans.status is distinct from issues.status
