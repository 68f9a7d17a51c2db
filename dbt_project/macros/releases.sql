{#
    Sentry names a release by one text, often package@version: what stands before the @ is the package, which may begin
    with an @ itself. Without one all of it is the version.
#}
{% macro release_package(version) -%}
    nullif(regexp_extract({{ version }}, '^(@?[^@]+)@(.+)$', 1), '')
{%- endmacro %}


{# The version as people write it, without the package. #}
{% macro release_version_name(version) -%}
    coalesce(nullif(regexp_extract({{ version }}, '^(@?[^@]+)@(.+)$', 2), ''), {{ version }})
{%- endmacro %}
