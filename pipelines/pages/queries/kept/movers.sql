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
    where mover_rank <= 10

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
