"""Benchmark runner: `python -m benchmarks [NAME…]` prints the tables of docs/benchmarks.md."""

import sys
from importlib import import_module

TABLES = {  # name -> "module:function", fastest first
    "startup": "benchmarks.startup:main",
    "idle": "benchmarks.idle:main",
    "first_frame": "benchmarks.first_frame:main",
    "cold_start": "benchmarks.cold_start:main",
    "course_page": "benchmarks.course_page:main",
    "two_hosts": "benchmarks.two_hosts:main",
    "heartbeats": "benchmarks.heartbeats:main",
    "two_lectures": "benchmarks.two_lectures:main",
    "serving": "benchmarks.serving:run",
    "hostile": "benchmarks.hostile:main",
    "encode": "benchmarks.encode:main",
    "leaderboards": "benchmarks.leaderboards:main",
    "admin_pages": "benchmarks.admin_pages:main",
    "analytics": "benchmarks.analytics:main",
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(TABLES)}.")
    for name in names or TABLES:
        module, function = TABLES[name].split(":")
        print(f"\n## {name}\n", flush=True)
        getattr(import_module(module), function)()


if __name__ == "__main__":
    main(sys.argv[1:])
