{#
    The issues of which a load brought anything since this incremental model was last built. Equal ids count too: what
    arrives late still belongs to the load that was last seen.
#}
{% macro touched_issues(relations) -%}
    {%- for relation in relations %}
    select issue_id
    from {{ relation }}
    where _dlt_load_id >= (select coalesce(max(_dlt_load_id), '') from {{ this }})
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
