{{ config(meta={'dagster': {'ref': {'name': 'product_overview'}}}) }}

{% set checked = [
    ('numbers', ref('int_product_numbers'), numbers()),
    ('overview', ref('product_overview'), numbers('own')),
] %}

-- A product counts what it and the active products below it count as their own; `(all)` counts every active
-- product and what has none.
with counted as (

    select
        ancestor_id as product_id,
        descendant_id
    from {{ ref('product_closure') }}
    where is_counted

    union all

    select
        '(all)' as product_id,
        product_id as descendant_id
    from {{ ref('dim_products') }}
    where is_active

    union all

    select
        '(all)' as product_id,
        '(unassigned)' as descendant_id

    union all

    select
        '(unassigned)' as product_id,
        '(unassigned)' as descendant_id

),

{% for name, relation, shown in checked %}
    {{ name }} as (

        select
            {% for number in shown %}
                sum(below.own_{{ number }}) as {{ number }},
            {% endfor %}
            counted.product_id
        from counted
        inner join {{ relation }} as below
            on counted.descendant_id = below.product_id
        group by counted.product_id

    ){{ ',' if not loop.last }}
{% endfor %}

{% for name, relation, shown in checked %}
    select products.product_id
    from {{ relation }} as products
    left join {{ name }} as trees
        on products.product_id = trees.product_id
    where
        false
        {% for number in shown %}
            or products.{{ number }} is distinct from trees.{{ number }}
        {% endfor %}
    {{ 'union all' if not loop.last }}
{% endfor %}
