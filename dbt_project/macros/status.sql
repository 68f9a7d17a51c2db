{#
    Sentry's status, or why an issue is gone from it, in our five words. What Sentry is reprocessing, or calls by a name
    that is not known yet, still wants attention and is unresolved; what waits to be deleted or merged is already gone
    for those who count.
#}
{% macro status_word(column) -%}
    case
        when {{ column }} in ('resolved', 'ignored', 'deleted', 'merged') then {{ column }}
        when {{ column }} in ('pending_deletion', 'deletion_in_progress', 'project_gone', 'access_lost') then 'deleted'
        when {{ column }} = 'pending_merge' then 'merged'
        else 'unresolved'
    end
{%- endmacro %}


{# Whether an issue of this status (one of our words) is gone, and counts nowhere. #}
{% macro is_removed(column) -%}
    {{ column }} in ('deleted', 'merged')
{%- endmacro %}
