"""Runner of the DVC pipeline: reads DVC's graph, runs independent lanes in parallel, locally, under Prefect or on Ray.

DVC owns the graph, the cache and the provenance; this package decides only when and where a stage runs, what is
retried, and how it is displayed. Every executor runs the same `dvc repro` commands, so the result is that
of plain `dvc repro`.

    plan.py       DVC's graph -> lanes (the only place that knows edges, and it reads them)
    lane.py       one lane = one `dvc --wait-for-lock repro --single-item` under guard.py, which dies with its parent
    drive.py      starts lanes as they become ready; a failed lane blocks only what depends on it
    local.py      lanes on threads, no server          flow.py   lanes as Prefect tasks
    on_ray.py     lanes as Ray tasks                   clones.py ... on machines that share no folder
    publish.py    the gate behind a run                notify.py a webhook that is called on failures
"""
