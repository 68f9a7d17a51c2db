{#
    How an issue finds its SLA target: by the priority of its product and, where the catalog says so, by its own.
#}

{# The priorities of issues that may have a target of their own. #}
{% macro sla_priorities() -%}
    {{ return(['high', 'medium', 'low']) }}
{%- endmacro %}


{# By which of these priorities an issue is measured: fatal counts as high; none where Sentry knows no priority. #}
{% macro sla_priority(issues) -%}
    case
        when {{ issues }}.level = 'fatal' then 'high'
        when {{ issues }}.issue_priority in ('{{ sla_priorities() | join("', '") }}') then {{ issues }}.issue_priority
        else 'none'
    end
{%- endmacro %}


{# Hours for issues of a priority, from the columns of a product or a version of one: what names the priority wins. #}
{% macro sla_target_hours(products, priority) -%}
    coalesce(
        case {{ priority }}
            {%- for each in sla_priorities() %}
            when '{{ each }}' then {{ products }}.sla_target_hours_{{ each }}
            {%- endfor %}
        end,
        {{ products }}.sla_target_hours
    )
{%- endmacro %}
