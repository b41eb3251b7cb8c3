"""What people install carries the posts and the example configuration: wheel, sdist → wheel, and editable."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from clarion.campaign import bundled

ROOT = Path(__file__).resolve().parents[2]
ASK = "from clarion.campaign import bundled; print(bundled.posts()); print(bundled.example())"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel straight from the tree, and one by way of the sdist."""
    made = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", str(ROOT)]
    for kind, extra in {"direct": ["--wheel"], "by sdist": []}.items():
        done = subprocess.run(
            [*build, *extra, "--outdir", str(made / kind)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return {kind: next((made / kind).glob("*.whl")) for kind in ("direct", "by sdist")}


@pytest.mark.parametrize("kind", ["direct", "by sdist"])
def test_a_wheel_finds_its_posts_and_example(wheels: dict[str, Path], kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheels[kind]) as wheel:
        wheel.extractall(tmp_path)
    asked = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; {ASK}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    posts, example = map(Path, asked.stdout.split())
    assert tmp_path in posts.parents
    shipped = {path.relative_to(ROOT / "posts") for path in (ROOT / "posts").rglob("*") if path.is_file()}
    assert {path.relative_to(posts) for path in posts.rglob("*") if path.is_file()} == shipped
    assert example.read_bytes() == (ROOT / "config.example.toml").read_bytes()


def test_a_wheel_carries_migrations_and_pages(wheels: dict[str, Path]) -> None:
    names = set(zipfile.ZipFile(wheels["direct"]).namelist())
    tree = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "clarion").rglob("*")
        if path.is_file() and path.suffix in {".py", ".html", ".css", ".mako", ".json"}
    }
    assert tree <= names
    assert not any(name.startswith("tests/") for name in names)


def test_an_editable_install_uses_the_one_home() -> None:
    assert bundled.posts() == ROOT / "posts"
    assert bundled.example() == ROOT / "config.example.toml"
