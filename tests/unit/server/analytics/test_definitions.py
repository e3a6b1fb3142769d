"""docs/metrics.md and the definitions say the same, one row and one function a metric."""

from server.analytics.definitions import METRICS, SUMS
from server.analytics.definitions.metric import Kind
from server.analytics.definitions.system import SYSTEM
from server.operations.system.service import SystemHealth
from storage.database.tables import CourseAnalytics, InstructorAnalytics, PlatformAnalytics
from tests.architecture.source import ROOT

OF_A_RANGE = {
    Kind.SUM: "sum of its days",
    Kind.DISTINCT: "counted again",
    Kind.NOW: "only the current one",
    Kind.RATE: "of its counts",
    Kind.MONEY: "sum of its days, by currency",
}


def test_document_has_one_row_a_metric() -> None:
    table = (
        (ROOT / "docs" / "metrics.md")
        .read_text()
        .split("\n|---|---|---|---|---|---|---|\n")[1]
        .split("\n\n")[0]
    )
    written = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]
    assert written == [
        [f"`{one.id}`", one.name, one.unit, OF_A_RANGE[one.kind], one.zone, one.counts, one.left_out]
        for one in METRICS
    ]


def test_document_has_one_row_a_figure_of_the_system() -> None:
    table = (ROOT / "docs" / "metrics.md").read_text().split("\n|---|---|---|\n")[1].split("\n\n")[0]
    written = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]
    assert written == [[f"`{one.id}`", one.name, one.counts] for one in SYSTEM]
    assert {one.id for one in SYSTEM} <= set(SystemHealth.__struct_fields__)


def test_each_metric_has_a_function_of_its_own_name() -> None:
    assert [metric.function.__name__ for metric in METRICS] == [metric.id for metric in METRICS]
    assert len({metric.id for metric in METRICS}) == len(METRICS)


def test_people_and_enrolments_are_told_apart_by_every_name() -> None:
    for metric in METRICS:
        told = "enrolments" in metric.name.lower()
        assert told == (metric.unit == "enrolments"), metric.name


def test_every_sum_has_its_column_in_daily_rows() -> None:
    for table in (PlatformAnalytics, CourseAnalytics, InstructorAnalytics):
        wanted = set(SUMS) if table is PlatformAnalytics else set(SUMS) - {"people_new"}
        assert wanted <= set(table.__table__.columns.keys())
