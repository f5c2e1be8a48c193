"""Release builds are reproducible, and the workflow publishes them with few permissions."""

import hashlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from kwtsms_client.version import __version__
from support.deployment import DEPLOY, ROOT, read_yaml

BUILD = runpy.run_path(str(ROOT / "scripts" / "build_dist"))
NOTES = runpy.run_path(str(ROOT / "scripts" / "release_notes"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
WORKFLOW_FILE = ROOT / ".github" / "workflows" / "release.yml"
WORKFLOW = yaml.safe_load(WORKFLOW_FILE.read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
DEVELOPMENT = {"dev", "dist", "docs"}  # Extras for who works on the project.
SAMPLE = """# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-24
### Added
- Two.

## [0.1.0] - not released yet
### Added
- One.
"""


def copy_tracked_files(folder: Path) -> Path:
    """Copies the files that git knows; returns the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_the_same_sources_give_the_same_bytes(tmp_path: Path, target: str) -> None:
    """Neither the clock nor the order of files changes a distribution."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1764547200"}
    source = copy_tracked_files(tmp_path / "source")
    built = []
    for number in ("first", "second"):
        folder = tmp_path / number
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
            cwd=source,
            env=environment,
            check=True,
        )
        (file,) = folder.iterdir()
        built.append(file.read_bytes())

    assert built[0] == built[1]


def test_the_sums_are_those_of_the_files(tmp_path: Path) -> None:
    """SHA256SUMS has the form that `sha256sum --check` reads."""
    (tmp_path / "b.whl").write_bytes(b"wheel")
    (tmp_path / "a.tar.gz").write_bytes(b"source")

    assert BUILD["sums"](tmp_path) == (
        f"{hashlib.sha256(b'source').hexdigest()}  a.tar.gz\n"
        f"{hashlib.sha256(b'wheel').hexdigest()}  b.whl\n"
    )


def test_the_checked_extras_are_all_that_a_user_installs() -> None:
    """The environment of the demo and the SBOM has every extra but the project's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert set(BUILD["EXTRAS"].split(",")) == set(project["optional-dependencies"]) - DEVELOPMENT


def test_the_version_has_a_section_below_unreleased() -> None:
    """The changelog begins with Unreleased, then the version of version.py."""
    headings = [found["version"] for found in NOTES["HEADING"].finditer(CHANGELOG)]

    assert headings[:2] == ["Unreleased", __version__]


def test_a_release_shows_its_section() -> None:
    """The notes are the text between two headings."""
    assert NOTES["section"](SAMPLE, "0.2.0") == "### Added\n- Two."


@pytest.mark.parametrize(("version", "said"), [("0.1.0", "its date"), ("0.3.0", "no section")])
def test_a_version_without_a_dated_section_is_not_released(version: str, said: str) -> None:
    """The workflow ends before it builds."""
    with pytest.raises(ValueError, match=said):
        NOTES["section"](SAMPLE, version)


def test_a_tag_names_the_version() -> None:
    """The tag v0.1.0 is version 0.1.0; another tag is refused."""
    module = '"""The version."""\n\n__version__ = "0.1.0"\n'

    assert NOTES["check_tag"]("v0.1.0", module) == "0.1.0"
    with pytest.raises(ValueError, match=r"v0\.1\.1"):
        NOTES["check_tag"]("v0.1.1", module)


def test_the_images_of_deploy_have_the_version() -> None:
    """Compose and Kubernetes name the image of this version."""
    (image,) = read_yaml("kubernetes/kustomization.yaml")["images"]

    assert read_yaml("docker/compose.yaml")["services"]["bridge"]["image"].endswith(__version__)
    assert image["newTag"] == __version__


def test_each_action_is_pinned_to_a_commit() -> None:
    """A tag in another repository can move; a commit can't. The comment has the version."""
    uses = re.findall(r"uses: (\S+)(.*)", WORKFLOW_FILE.read_text(encoding="utf-8"))

    assert len(uses) == sum("uses" in step for step in STEPS)
    assert [
        action
        for action, comment in uses
        if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        or not re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    ] == []


def test_each_job_has_the_rights_that_it_needs() -> None:
    """No job inherits rights; one asks for an identity, and one writes a release."""
    rights = {name: job["permissions"] for name, job in JOBS.items()}

    assert WORKFLOW["permissions"] == {}
    assert rights == {
        "build": {"contents": "read"},
        "test": {"contents": "read"},
        "index": {"id-token": "write"},
        "image": {"contents": "read"},
        "notes": {"contents": "write"},
    }
    assert all(
        step["with"]["persist-credentials"] is False
        for step in STEPS
        if "actions/checkout@" in step.get("uses", "")
    )


def test_nothing_is_published_before_the_tests_and_a_person_agree() -> None:
    """Both publishing jobs wait for the tests and for an environment's reviewer."""
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}  # YAML reads the key `on` as true.
    assert [(JOBS[one]["needs"], JOBS[one]["environment"]) for one in ("index", "image")] == [
        (["build", "test"], "index"),
        (["build", "test"], "image"),
    ]


def test_no_script_of_the_workflow_contains_an_expression() -> None:
    """Tag names reach the shell as variables, which it doesn't execute."""
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize(
    "file",
    [*(one for one in DEPLOY.rglob("*") if one.is_file()), WORKFLOW_FILE],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_nothing_is_installed_from_an_index_that_does_not_have_it(file: Path) -> None:
    """Until there is a release, containers install the checkout or a wheel of `make dist`."""
    commands = re.findall(r"pip3? install[^\n]*", file.read_text(encoding="utf-8"))

    assert [one for one in commands if re.search(r"\bkwtsms-bridge(\[|==|['\"\s]|$)", one)] == []
