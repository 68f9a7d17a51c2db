{{ config(meta={'dagster': {'ref': {'name': 'executive_summary'}}}) }}

-- Every live issue is of a root product that is active, of no product, or of an inactive one.
with summed as (

    select
        {% for number in numbers('summary') %}
            sum(case when product_id <> '(all)' then {{ number }} end) as parts_{{ number }},
            sum(case when product_id = '(all)' then {{ number }} end) as whole_{{ number }},
        {% endfor %}
        count(product_id) as part_count
    from {{ ref('executive_summary') }}

),

live as (

    select count(*) as unresolved_issues
    from {{ ref('fct_issues') }} as issues
    left join {{ ref('dim_products') }} as products
        on issues.product_id = products.product_id
    where
        issues.status = 'unresolved'
        and coalesce(products.is_active, true)

)

select summed.*
from summed
cross join live
where
    summed.whole_unresolved_issues <> live.unresolved_issues
    {% for number in numbers('summary') %}
        or summed.parts_{{ number }} is distinct from summed.whole_{{ number }}
    {% endfor %}
