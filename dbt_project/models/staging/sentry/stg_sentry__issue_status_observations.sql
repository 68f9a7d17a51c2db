select
    issue_id,
    observed_at,
    previous_observed_at,
    {{ status_word('from_status') }} as from_status,
    {{ status_word('to_status') }} as to_status,
    _dlt_load_id
from {{ source('sentry', 'issue_status_observations') }}
-- Sentry has more words for a status than we do: not each of its changes is one of ours.
where
    from_status is not null
    and {{ status_word('from_status') }} <> {{ status_word('to_status') }}
