select
    issues.rowid as issue_row,
    row_number() over (
        order by triage.triage_rank asc nulls last, issues.last_seen_at desc nulls last, issues.issue_id asc
    ) as place
from marts.fct_issues as issues
left join marts.triage_queue as triage
    on issues.issue_id = triage.issue_id
where issues.status not in ('deleted', 'merged')
