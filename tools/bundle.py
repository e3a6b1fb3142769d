"""Bundler of scripts and style sheets: writes web/static/built from web/static and node_modules.

`python -m tools.bundle`, run by `make setup` and, when a source is newer, by the tests. Every file that a
template names by `asset('js/…')` or `asset('css/…')` becomes one minified file; modules that several of them
import go into shared ones, so that a page never runs a module twice. Needs npm's esbuild, a single program.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "node_modules"
WEB = ROOT / "web"
STATIC = WEB / "static"
BUILT = STATIC / "built"
SETTINGS = WEB / "bundle.json"
NAMED = re.compile(r"""asset\(\s*['"]((?:js|css)/[\w./-]+)['"]""")
# hls.js expects a compiler that leaves out fields without a value; otherwise they would hide inherited ones.
COMPILER = '{"compilerOptions": {"useDefineForClassFields": false}}'


class BundlingFailed(Exception):
    """What is missing, or esbuild's messages."""


def entries() -> list[str]:
    """Scripts and style sheets that templates name, relative to web/static."""
    texts = (path.read_text() for path in (WEB / "templates").rglob("*.html"))
    return sorted({found for text in texts for found in NAMED.findall(text)})


def is_stale() -> bool:
    """Whether a source is newer than what was built, or nothing was."""
    if not BUILT.is_dir():
        return True
    built = BUILT.stat().st_mtime
    return any(path.stat().st_mtime > built for path in _sources())


def _sources() -> Iterator[Path]:
    yield from (SETTINGS, Path(__file__), ROOT / "package-lock.json")
    yield from (WEB / "templates").rglob("*.html")  # a template may name another script
    yield from (STATIC / "js").glob("*.js")
    yield from (STATIC / "css").glob("*.css")


def bundle() -> int:
    """Returns the number of files written. The new folder replaces the old one only when complete."""
    fresh = BUILT.with_name("built.new")
    shutil.rmtree(fresh, ignore_errors=True)
    done = subprocess.run(_command(fresh), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise BundlingFailed(done.stderr)
    shutil.rmtree(BUILT, ignore_errors=True)
    fresh.rename(BUILT)
    return sum(path.is_file() for path in BUILT.rglob("*"))


def _command(target: Path) -> list[str]:
    settings: dict[str, dict[str, Any]] = json.loads(SETTINGS.read_text())
    return [
        str(_program()),
        *(str(STATIC / entry) for entry in entries()),
        *(f"--alias:{name}=./{path}" for name, path in settings["alias"].items()),
        *(f"--define:{name}={value}" for name, value in settings["define"].items()),
        "--bundle",
        "--splitting",
        "--format=esm",
        "--minify",
        "--charset=utf8",
        "--log-level=warning",
        f"--tsconfig-raw={COMPILER}",
        f"--outbase={STATIC}",
        f"--outdir={target}",
        "--chunk-names=js/shared-[hash]",
    ]


def _program() -> Path:
    """esbuild of this machine's kind: npm installs that package only."""
    found = sorted((MODULES / "@esbuild").glob("*/bin/esbuild"))
    if not found:
        raise BundlingFailed(f"{MODULES / '@esbuild'} is missing: run `npm ci` first.")
    return found[0]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bundle()} browser files written to {BUILT}\n")
    except BundlingFailed as failure:
        sys.exit(str(failure))
