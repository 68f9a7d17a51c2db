with resolved as (

    select
        issue_id,
        short_id,
        title,
        resolved_at,
        hours_to_resolution,
        sla_target_hours
    from marts.product_issues
    where
        product_id = $product
        and hours_to_resolution is not null
        and resolved_at >= cast($as_of as date) - 89

),

picked as (

    select
        *,
        count(*) over () as resolved_in_all
    from resolved
    order by hash(issue_id) asc, issue_id asc
    limit 500

)

select * from picked
order by resolved_at desc, issue_id asc
