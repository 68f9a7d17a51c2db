select
    organization_slug,
    product_id,
    window_days,
    user_count,
    observed_at
from {{ source('sentry', 'product_users') }}
