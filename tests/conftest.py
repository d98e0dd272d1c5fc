"""What holds for every test: one Hypothesis profile. Time-outs are in tests/patience.py."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow machine is no failure: no deadline, no check of how long examples take to draw. The same examples every time,
# without a database of earlier ones: what fails in CI fails here. `--hypothesis-profile explore` looks elsewhere.
_PATIENT = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("explore", _PATIENT)
settings.register_profile("project", _PATIENT, derandomize=True)
settings.load_profile("project")
