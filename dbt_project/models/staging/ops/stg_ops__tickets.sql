select
    project,
    organization_slug,
    issue_id,
    ticket_key,
    ticket_url,
    ticket_status,
    ticket_status_category,
    earlier_ticket_key,
    is_latest,
    opened_at,
    created_at,
    ticket_resolved_at,
    refreshed_at
from {{ source('ops', 'tickets') }}
