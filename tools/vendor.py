"""Copies the browser modules listed in vendor.json from node_modules to web/static/vendor.

`python -m tools.vendor [node_modules]`, run by `make setup`. Standard library only; idempotent.
"""

import json
import shutil
import sys
from pathlib import Path

WEB = Path(__file__).parents[1] / "web"
LIST = WEB / "vendor.json"
TARGET = WEB / "static" / "vendor"


def main(modules: Path) -> int:
    """Returns the number of files copied. The new folder replaces the old one only when complete."""
    fresh = TARGET.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    copied = 0
    for entry in json.loads(LIST.read_text())["copy"]:
        sources = sorted(modules.glob(entry["from"]))
        if not sources:
            raise SystemExit(f"{modules / entry['from']} is missing: run `npm ci` first.")
        for source in sources:
            target = fresh / entry["to"]
            target = target / source.name if entry["to"].endswith("/") else target
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            copied += 1
    shutil.rmtree(TARGET, ignore_errors=True)
    fresh.rename(TARGET)
    return copied


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else WEB.parent / "node_modules"
    sys.stdout.write(f"{main(given)} browser files copied to {TARGET}\n")
