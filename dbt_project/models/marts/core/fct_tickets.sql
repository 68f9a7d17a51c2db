select
    coalesce(issues.organization_slug, tickets.organization_slug) as organization_slug,
    tickets.issue_id,
    issues.product_id,
    tickets.ticket_key,
    tickets.ticket_url,
    tickets.ticket_status,
    tickets.ticket_status_category,
    issues.status as issue_status,
    case
        when not tickets.is_latest then null
        when tickets.ticket_status_category = 'done' and issues.status = 'unresolved' then 'issue_is_open'
        when tickets.ticket_status_category in ('to_do', 'in_progress') and issues.status = 'resolved'
            then 'ticket_is_open'
    end as disagreement,
    tickets.is_latest,
    tickets.earlier_ticket_key,
    tickets.opened_at,
    tickets.created_at,
    tickets.ticket_resolved_at,
    issues.resolved_at as issue_resolved_at,
    tickets.refreshed_at
from {{ ref('stg_ops__tickets') }} as tickets
left join {{ ref('fct_issues') }} as issues
    on tickets.issue_id = issues.issue_id
