{# The numbers of a project that add up: over a product's projects, over a tree, over a team. #}
{% macro number_columns() -%}
    {{ return([
        'project_count',
        'total_issues',
        'unresolved_issues',
        'resolved_issues',
        'ignored_issues',
        'new_issues_7d',
        'new_issues_30d',
        'new_issues_previous_30d',
        'resolved_issues_7d',
        'resolved_issues_30d',
        'resolved_issues_previous_30d',
        'event_count',
        'events_7d',
        'events_previous_7d',
        'events_30d',
        'events_previous_30d',
        'user_count',
        'unresolved_high_issues',
        'sla_breached_issues',
        'sla_breached_high_issues',
        'sla_at_risk_issues',
    ]) }}
{%- endmacro %}
