"""Prometheus metrics of this process, for /metrics."""

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter("skillstudio_requests", "Requests answered.", ["method", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "skillstudio_request_seconds",
    "From the first byte of a request to the end of its response.",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
    registry=REGISTRY,
)
