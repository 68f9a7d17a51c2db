with resolved as (

    select
        issue_row,
        issue_id,
        resolved_at,
        hours_to_resolution,
        sla_target_hours
    from kept.issues
    where
        product_id in (
            select closure.descendant_id
            from marts.product_closure as closure
            where closure.ancestor_id = $product and closure.is_counted
        )
        and hours_to_resolution is not null
        and resolved_at >= cast($as_of as date) - 89

),

picked as (

    select
        *,
        (select count(every_one.issue_id) from resolved as every_one) as resolved_in_all
    from resolved
    order by hash(issue_id) asc, issue_id asc
    limit 500

)

select
    picked.*,
    issues.short_id,
    issues.title
from picked
inner join marts.fct_issues as issues
    on picked.issue_row = issues.rowid
order by picked.resolved_at desc, picked.issue_id asc
