"""Hosted faces that the settings choose: plugin, key, person and a LiveKit server that they can reach."""

from __future__ import annotations

from visavis.doctor.check import Check, Status
from visavis.hosted.doctor import provider_reports
from visavis.settings import Settings


def check_hosted(settings: Settings) -> list[Check]:
    """One finding for each hosted provider in `settings.providers`; where another name follows, a failure is borne."""
    checks = []
    for report in provider_reports(settings.providers):
        bad = Status.FAIL if report.name == settings.providers[-1] else Status.WARN
        checks.append(Check(f"provider {report.name}", Status.OK if report.ok else bad, report.detail, report.mend))
    return checks
