select
    tickets.disagreement,
    tickets.ticket_key,
    tickets.ticket_url,
    tickets.ticket_status,
    tickets.product_id,
    issues.title,
    issues.permalink,
    coalesce(tickets.ticket_resolved_at, tickets.issue_resolved_at) as since
from marts.fct_tickets as tickets
inner join marts.fct_issues as issues
    on tickets.issue_id = issues.issue_id
where tickets.disagreement is not null
order by tickets.disagreement asc, since desc nulls last, tickets.ticket_key asc
limit 100
