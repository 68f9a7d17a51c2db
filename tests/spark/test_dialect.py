"""What engines write differently gives the same values: the edges that no sample world has."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from pipelines import models
from pipelines.spark.cluster import Cluster
from tests.forked_python import forked_python

QUERY = """
with recursive levels as (
    select 1 as level
    union all
    select level + 1 as level from levels where level < 150
),
moments as (
    select timestamp '2026-02-28 23:59:59.999999' as earlier, timestamp '2026-03-01 00:00:00' as later
),
slugs as (
    select * from (values
        ('new', timestamp '2026-02-02 00:00:00'), ('b', timestamp '2026-01-01 00:00:00'),
        ('a', timestamp '2026-01-01 00:00:00'), ('odd', timestamp '2026-01-01 00:00:00.000001')
    ) as t (slug, adopted_at)
),
versions as (
    select * from (values ('@scope/app@1.2@3'), ('app'), ('app@'), (null)) as t (version)
),
lists as (
    select * from (values ('["a", null, "é ü", ""]'), ('[]'), (null)) as t (list)
),
found as (
    select 'levels' as what, cast(max(level) as string) as value from levels
    union all
    select 'microseconds between', cast(round(3600000000 * {{ hours_between('earlier', 'later') }}) as string)
    from moments
    union all
    select 'hours after', cast({{ hours_after('earlier', '100.25') }} as string) from moments
    union all
    select 'a third of an hour after', cast({{ hours_after('later', 'cast(1 as double) / 3') }} as string) from moments
    union all
    select 'days before', cast({{ dbt.dateadd('day', -7, 'earlier') }} as string) from moments
    union all
    select 'last day', cast({{ dbt.last_day("date '2028-02-03'", 'month') }} as string)
    union all
    select 'month', cast(cast({{ dbt.date_trunc('month', 'earlier') }} as date) as string) from moments
    union all
    select 'days', cast(day as string)
    from (select {{ each_day("date '2028-02-28'", "date '2028-03-01'") }} as day) as days
    union all
    select 'days backwards', cast(day as string)
    from (select {{ each_day("date '2028-03-01'", "date '2028-02-28'") }} as day) as days
    union all
    select 'days from nowhere', cast(day as string)
    from (select {{ each_day("cast(null as date)", "date '2028-02-28'") }} as day) as days
    union all
    select 'texts', text from (select {{ each_element(json_texts('list')) }} as text from lists) as texts
    union all
    select 'text', {{ json_text("'{\\"key\\": \\"it is {here}\\"}'", 'key') }}
    union all
    select 'text of null', {{ json_text("'{\\"key\\": null}'", 'key') }}
    union all
    select 'text of none', {{ json_text("'{}'", 'key') }}
    union all
    select 'words', word from (select {{ each_element(words_of("'-Größe of_API v2.0 (Ωμέγα)'")) }} as word) as words
    union all
    select 'newest first', cast({{ array_newest_first('slug', 'adopted_at') }} as string) from slugs
    union all
    select 'listed', {{ dbt.listagg("nullif(slug, 'odd')", "', '", 'order by slug') }} from slugs
    union all
    select 'none listed', {{ dbt.listagg("cast(null as string)", "', '", 'order by slug') }} from slugs
    union all
    select 'package', {{ release_package('version') }} from versions
    union all
    select 'version', {{ release_version_name('version') }} from versions
    union all
    select 'like', cast(slug like {{ like_pattern("'?%_!*'") }} escape '!' as string)
    from (values ('x%_!'), ('x%_!yz'), ('x%a!'), ('%_!')) as t (slug)
    union all
    select 'median', cast(percentile_cont(0.5) within group (order by hours) as string)
    from (values (cast(1 as double)), (2), (4), (8), (null)) as t (hours)
    union all
    select 'thousands', {{ with_thousands('number') }}
    from (values (cast(1234567 as bigint)), (-1000), (999), (0), (null)) as t (number)
    union all
    select 'points', cast(round(6 * log10(1 + people), 1) + round(4 + 2 * log2(people), 1) as string)
    from (values (1), (2), (9), (63), (99), (12345)) as t (people)
)
select what, value from found order by what, value
"""


def test_both_engines_give_the_same_values(running: Cluster, tmp_path: Path) -> None:
    def shown(target: str) -> list[dict[str, str | None]]:
        done = subprocess.run(
            [
                *(forked_python(), "-m", "pipelines.models", "--quiet", "show"),
                *(f"--target={target}", f"--inline={QUERY}", "--output=json", "--limit=-1"),
                *(f"--project-dir={models.PROJECT}", f"--profiles-dir={models.PROJECT}"),
                *(f"--target-path={tmp_path / target}", f"--log-path={tmp_path}"),
            ],
            env=os.environ | {"SPARK_HOST": "127.0.0.1", "SPARK_PORT": str(running.port)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        rows: list[dict[str, str | None]] = json.loads(done.stdout)["show"]
        return sorted(rows, key=str)

    on_duckdb = shown("lint")
    assert len(on_duckdb) > 40
    assert shown("spark") == on_duckdb
