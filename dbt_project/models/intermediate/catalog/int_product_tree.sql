with recursive siblings as (

    select
        product_id,
        product_name,
        parent_product_id,
        description,
        owner_team,
        product_priority,
        is_active,
        row_number() over (partition by parent_product_id order by lower(product_name), product_id) as sibling_number,
        count(*) over (partition by parent_product_id) as sibling_count
    from {{ ref('stg_seeds__products') }}

),

-- From the roots down: a loop hangs from no root, so it ends nothing here and a test reports it.
tree as (

    select
        product_id,
        product_name,
        parent_product_id,
        product_id as root_product_id,
        {{ dbt.array_construct(['product_id']) }} as lineage,
        product_name as path,
        0 as depth,
        right('000000' || cast(sibling_number as string), 7) as sort_key,
        product_name as tree_label,
        '' as label_indent,
        description,
        owner_team,
        case when owner_team is null then 'none' else 'own' end as owner_team_source,
        product_priority,
        case when product_priority is null then 'none' else 'own' end as product_priority_source,
        case when is_active then 0 else 1 end as inactive_count
    from siblings
    where parent_product_id is null

    union all

    select
        below.product_id,
        below.product_name,
        below.parent_product_id,
        above.root_product_id,
        {{ dbt.array_append('above.lineage', 'below.product_id') }} as lineage,
        above.path || ' > ' || below.product_name as path,
        above.depth + 1 as depth,
        above.sort_key || '/' || right('000000' || cast(below.sibling_number as string), 7) as sort_key,
        above.label_indent
        || case when below.sibling_number = below.sibling_count then '└── ' else '├── ' end
        || below.product_name as tree_label,
        above.label_indent
        || case when below.sibling_number = below.sibling_count then '    ' else '│   ' end as label_indent,
        below.description,
        coalesce(below.owner_team, above.owner_team) as owner_team,
        case
            when below.owner_team is not null then 'own'
            when above.owner_team is not null then 'inherited'
            else 'none'
        end as owner_team_source,
        coalesce(below.product_priority, above.product_priority) as product_priority,
        case
            when below.product_priority is not null then 'own'
            when above.product_priority is not null then 'inherited'
            else 'none'
        end as product_priority_source,
        above.inactive_count + case when below.is_active then 0 else 1 end as inactive_count
    from tree as above
    inner join siblings as below
        on above.product_id = below.parent_product_id

)

select
    product_id,
    product_name,
    parent_product_id,
    root_product_id,
    lineage,
    path,
    depth,
    row_number() over (order by sort_key) as tree_order,
    tree_label,
    description,
    owner_team,
    owner_team_source,
    product_priority,
    product_priority_source,
    -- Inactive products from the root down to this one: two products with the same count have none between them.
    inactive_count,
    product_id not in (
        select siblings.parent_product_id
        from siblings
        where siblings.parent_product_id is not null
    ) as is_leaf
from tree
