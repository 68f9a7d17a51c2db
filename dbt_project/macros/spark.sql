{#
    Everything that Apache Spark needs of its own: what it spells differently, and how it writes tables.
    Sessions are ANSI and in UTC: profiles.yml.
#}

{% macro spark__hours_between(earlier, later) -%}
    ((unix_micros({{ later }}) - unix_micros({{ earlier }})) / 3600000000D)
{%- endmacro %}

{% macro spark__hours_after(moment, hours) -%}
    timestamp_micros(unix_micros({{ moment }}) + cast(round({{ hours }} * 3600000000) as bigint))
{%- endmacro %}

{% macro spark__each_element(array) -%}
    explode({{ array }})
{%- endmacro %}

{# A sequence that would run backwards is an error, and here no day. #}
{% macro spark__each_day(first_on, last_on) -%}
    explode(
        case when {{ first_on }} <= {{ last_on }} then sequence({{ first_on }}, {{ last_on }}, interval 1 day) end
    )
{%- endmacro %}

{% macro spark__array_newest_first(value, moment) -%}
    transform(
        sort_array(collect_list(struct(-unix_micros({{ moment }}) as age, {{ value }} as value))), each -> each.value
    )
{%- endmacro %}

{% macro spark__json_text(object, key) -%}
    get_json_object({{ object }}, '$.{{ key }}')
{%- endmacro %}

{% macro spark__json_texts(list) -%}
    from_json({{ list }}, 'array<string>')
{%- endmacro %}

{% macro spark__with_thousands(number) -%}
    format_number({{ number }}, 0)
{%- endmacro %}

{% macro spark__words_of(text) -%}
    split(lower({{ text }}), '[^\\p{L}\\p{N}]+')
{%- endmacro %}

{# There is no such word; the plan reads it once or twice, with the same result. #}
{% macro spark__materialized() -%}
{%- endmacro %}


{# dbt-spark's own version goes through whole seconds. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    timestampadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro %}

{# dbt-spark's own version has no order. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    listagg({{ measure }}, {{ delimiter_text }}) within group ({{ order_by_clause }})
{%- endmacro %}

{# Contracts write a list as DuckDB does. #}
{% macro spark__cast(field, type) -%}
    cast({{ field }} as {{ 'array<string>' if type == 'varchar[]' else type }})
{%- endmacro %}

{# What does not fit is null, as the name says: dbt-spark's own version is an error in ANSI sessions. #}
{% macro spark__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ type }})
{%- endmacro %}

{% macro spark__text(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}


{% materialization table, adapter='spark' %}
    {{ return(spark__build()) }}
{% endmaterialization %}

{% materialization incremental, adapter='spark' %}
    {{ return(spark__build()) }}
{% endmaterialization %}


{# Build a model that is a table, whole or, where is_incremental(), by the rows of the keys that its query gives. #}
{% macro spark__build() %}
    {%- set stored = load_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if stored is not none and stored.is_view %}
        {%- do adapter.drop_relation(stored) -%}
    {%- endif %}
    {%- if config.get('file_format', 'parquet') == 'parquet' %}
        {%- do spark__build_version(stored, target) -%}
    {%- else %}
        {%- do spark__build_in_place(stored, target) -%}
    {%- endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmacro %}


{#
    Plain Parquet has no transactions and no deletes. So each build of a model writes all its rows to a new table in the
    schema `versions`, and the model is an external table that points to the newest whole one: to change the place is one
    transaction of the metastore, while to rename a table moves files, too. Killed at any moment, a build leaves at most
    versions to which nothing points, and the next one drops them.
#}
{% macro spark__build_version(stored, target) %}
    {%- set query = spark__query_as_view() -%}
    {%- set added = adapter.get_columns_in_relation(query) -%}
    {%- set kept = adapter.get_columns_in_relation(stored) if is_incremental() else [] -%}
    {%- set columns = kept + added | rejectattr('name', 'in', kept | map(attribute='name') | list) | list -%}
    {%- set version = spark__version() -%}
    {%- do run_query('create schema if not exists versions') -%}
    {%- do run_query('create table ' ~ version ~ ' (' ~ spark__typed(columns) ~ ') using parquet') -%}
    {%- call statement('main') %}
        insert into {{ version }} ({{ added | map(attribute='quoted') | join(', ') }})
        select * from {{ query }}
    {%- endcall %}
    {%- if is_incremental() %}
        {%- do run_query(spark__keep_others(stored, version, kept)) -%}
        {#- Not earlier: the query was written for the columns that are stored. #}
        {%- do process_schema_changes(config.get('on_schema_change'), query, stored) -%}
    {%- endif %}
    {%- do spark__refuse_nulls(version) -%}
    {%- do spark__point(target, version, columns) -%}
    {%- set versions = version.identifier.removesuffix(invocation_id | replace('-', '')) ~ '*' -%}
    {%- for row in run_query("show tables in versions like '" ~ versions ~ "'") if row['tableName'] != version.identifier %}
        {%- do run_query('drop table versions.' ~ row['tableName']) -%}
    {%- endfor %}
{% endmacro %}


{# Where this build of the model writes rows. #}
{% macro spark__version() %}
    {{ return(api.Relation.create(
        schema='versions',
        identifier=this.schema ~ '__' ~ this.identifier ~ '__' ~ invocation_id | replace('-', ''),
        type='table',
    )) }}
{% endmacro %}


{# Let the model point to a version. A table that grows is never away; another is made anew, with its columns. #}
{% macro spark__point(target, version, columns) %}
    {%- set described = run_query('describe extended ' ~ version) -%}
    {%- set place = (described.rows | selectattr(0, 'equalto', 'Location') | first)[1] -%}
    {%- if is_incremental() %}
        {%- do run_query('alter table ' ~ target ~ ' set location ' ~ spark__text(place)) -%}
        {%- do persist_docs(target, model) -%}
    {%- else %}
        {%- do run_query('drop table if exists ' ~ target) -%}
        {%- do run_query(
            'create table ' ~ target ~ ' (' ~ spark__typed(columns, with_comments=true) ~ ') using parquet '
            ~ comment_clause() ~ ' location ' ~ spark__text(place)
        ) -%}
    {%- endif %}
{% endmacro %}


{# The query of the model as a view of this session: its columns can be described, and it is inserted by name. #}
{% macro spark__query_as_view() %}
    {%- set query = make_temp_relation(this, '__query') -%}
    {%- set sql = compiled_code -%}
    {%- if config.get('contract').enforced %}
        {%- do get_assert_columns_equivalent(sql) -%}
        {%- set sql = get_select_subquery(sql) -%}
    {%- endif %}
    {%- do run_query(create_temporary_view(query, sql)) -%}
    {{ return(query) }}
{% endmacro %}


{# The rows of other keys than those of a new version. #}
{% macro spark__keep_others(stored, version, columns) %}
    {%- set key = config.get('unique_key') -%}
    {%- set names = columns | map(attribute='quoted') | join(', ') -%}
    insert into {{ version }} ({{ names }})
    select {{ names }}
    from {{ stored }} as kept
    where not exists (
        select 1
        from {{ version }} as added
        where
            {%- for column in ([key] if key is string else key) %}
            {{ 'and' if not loop.first }} added.{{ column }} = kept.{{ column }}
            {%- endfor %}
    )
{% endmacro %}


{% macro spark__typed(columns, with_comments=false) %}
    {%- set documented = model.columns if with_comments and config.persist_column_docs() else {} -%}
    {%- for column in columns %}
        {{- column.quoted }} {{ column.dtype }}
        {%- if column.name in documented %} comment {{ spark__text(documented[column.name].description) }}{% endif %}
        {{- ', ' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{# Parquet keeps no `not null`: what a contract says is asked before anybody can read the rows. #}
{% macro spark__refuse_nulls(rows) %}
    {%- set required = [] -%}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list %}
        {%- do required.append(column.name) -%}
    {%- endfor %}
    {%- if required %}
        {%- set counts = run_query('select count_if(' ~ required | join(' is null), count_if(') ~ ' is null) from ' ~ rows) -%}
        {%- for column, nulls in zip(required, counts.rows[0]) if nulls > 0 %}
            {%- do exceptions.raise_database_error(
                this ~ '.' ~ column ~ ' is null in ' ~ nulls ~ ' rows, where its contract says not_null.'
            ) -%}
        {%- endfor %}
    {%- endif %}
{% endmacro %}


{# Only what differs, since each column takes a statement. #}
{% macro spark__alter_column_comment(relation, column_dict) %}
    {%- for row in run_query('describe ' ~ relation) if row[0] in column_dict %}
        {%- set told = column_dict[row[0]].description -%}
        {%- if told != (row[2] or '') %}
            {%- do run_query(
                'alter table ' ~ relation ~ ' alter column ' ~ adapter.quote(row[0]) ~ ' comment ' ~ spark__text(told)
            ) -%}
        {%- endif %}
    {%- endfor %}
{% endmacro %}


{#
    With file_format delta or iceberg, which have transactions. Nobody has run this yet: neither is in the stock
    distribution of Spark.
#}
{% macro spark__build_in_place(stored, target) %}
    {%- if is_incremental() %}
        {%- set query, rows = spark__query_as_view(), spark__version() -%}
        {%- do run_query('create schema if not exists versions') -%}
        {%- do run_query('create table ' ~ rows ~ ' using parquet as select * from ' ~ query) -%}
        {%- do process_schema_changes(config.get('on_schema_change'), rows, stored) -%}
        {%- call statement('main') %}
            {{ spark__replace_keys(target, rows, adapter.get_columns_in_relation(rows)) }}
        {%- endcall %}
        {%- do run_query('drop table ' ~ rows) -%}
    {%- else %}
        {%- call statement('main') %}
            {{ create_table_as(false, target, compiled_code) }}
        {%- endcall %}
    {%- endif %}
    {%- do spark__refuse_nulls(target) -%}
    {%- do persist_docs(target, model) -%}
{% endmacro %}


{#
    Replace all rows of the keys that the query gives, in one transaction. A key may have several rows, so keys delete
    and rows are inserted: a row never matches, and what matches is deleted.
#}
{% macro spark__replace_keys(target, query, columns) %}
    {%- set key = config.get('unique_key') -%}
    {%- set key = [key] if key is string else key -%}
    merge into {{ target }} as stored
    using (
        select
            true as is_row,
            rows.*
        from {{ query }} as rows

        union all

        select distinct
            false as is_row,
            {%- for column in columns %}
            {{ column.quoted if column.name in key else 'null' }} as {{ column.quoted }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ query }}
    ) as incoming
        on
            not incoming.is_row
            {%- for column in key %}
            and stored.{{ column }} = incoming.{{ column }}
            {%- endfor %}
    when matched then delete
    when not matched and incoming.is_row then
        insert ({{ columns | map(attribute='quoted') | join(', ') }})
        values (incoming.{{ columns | map(attribute='quoted') | join(', incoming.') }})
{% endmacro %}
