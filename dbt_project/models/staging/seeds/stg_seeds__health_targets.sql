select
    coalesce(priority, '(any)') as product_priority,
    measure,
    at_risk,
    critical
from {{ source('seeds', 'health_targets') }}
