-- Tickets that disagree with their issue
-- A team before its review: which tickets are done while the issue goes on, and which are open though it is resolved?
select
    tickets.disagreement,
    products.product_name,
    issues.title,
    tickets.issue_status,
    tickets.ticket_key,
    tickets.ticket_status,
    coalesce(tickets.ticket_resolved_at, tickets.issue_resolved_at) as since,
    tickets.ticket_url
from marts.fct_tickets as tickets
inner join marts.fct_issues as issues
    on tickets.issue_id = issues.issue_id
left join marts.dim_products as products
    on tickets.product_id = products.product_id
where tickets.disagreement is not null
order by
    tickets.disagreement asc,
    since desc nulls last
