with first_movers as (

    select
        product_id,
        mover_rank,
        change,
        events_7d,
        events_previous_7d,
        share_of_change,
        issue_id
    from marts.product_movers
    where
        mover_rank <= 10
        and product_id >= $first_product
        and ($end_product is null or product_id < $end_product)

)

select
    movers.*,
    issues.short_id,
    issues.title,
    issues.level,
    issues.permalink
from first_movers as movers
inner join marts.fct_issues as issues
    on movers.issue_id = issues.issue_id
