with recursive known_merges as (

    select
        issue_id,
        merged_into_issue_id
    from {{ ref('stg_sentry__issues') }}
    where merged_into_issue_id is not null

),

-- A survivor may have been merged in its turn. No chain is that long: the bound ends a loop.
chain as (

    select
        issue_id,
        merged_into_issue_id as survivor_issue_id,
        1 as merge_count
    from known_merges

    union all

    select
        chain.issue_id,
        known_merges.merged_into_issue_id as survivor_issue_id,
        chain.merge_count + 1 as merge_count
    from chain
    inner join known_merges
        on chain.survivor_issue_id = known_merges.issue_id
    where chain.merge_count < 100

)

select
    issue_id,
    survivor_issue_id
from (
    select
        *,
        row_number() over (partition by issue_id order by merge_count desc) as steps_from_last
    from chain
) as ranked
where steps_from_last = 1
