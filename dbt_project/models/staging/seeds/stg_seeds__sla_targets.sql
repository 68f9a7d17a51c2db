select
    priority as product_priority,
    issue_priority,
    resolve_within_hours as sla_target_hours
from {{ source('seeds', 'sla_targets') }}
