{#
    The issues of which a load brought anything since this incremental model was last built. Equal load ids count too:
    what arrives late still belongs to the load that was last seen.
#}
{% macro touched_issues(relations) -%}
    {%- for relation in relations %}
    select issue_id
    from {{ relation }}
    where {{ is_new_load() }}
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# Whether a row came with the load that this incremental model has last seen, or with a later one. #}
{% macro is_new_load() -%}
    _dlt_load_id >= (select coalesce(max(loaded._dlt_load_id), '') from {{ this }} as loaded)
{%- endmacro %}
