"""Lower bounds without known holes, and a constraints file that fits them."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from support.deployment import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra))
]
CONSTRAINTS = (ROOT / "constraints.txt").read_text().splitlines()
PINNED = dict(line.lower().split("==") for line in CONSTRAINTS if not line.startswith("#"))
# The last version with a known hole, by package.
VULNERABLE = {
    "aiohttp": "3.14.2",  # CVE-2026-69244
    "requests": "2.32.5",  # CVE-2026-25645
    "python-dotenv": "1.2.1",  # CVE-2026-28684
    "pytest": "9.0.2",  # CVE-2025-71176
    "pyyaml": "5.3.1",  # CVE-2020-14343
    "pydantic": "2.3.0",  # CVE-2024-3772
}


@pytest.mark.parametrize("name", VULNERABLE)
def test_no_version_with_a_known_hole_is_allowed(name: str) -> None:
    """Every requirement of the package excludes its last vulnerable version."""
    found = [one for one in REQUIREMENTS if canonicalize_name(one.name) == name]

    assert found
    assert [str(one) for one in found if one.specifier.contains(VULNERABLE[name])] == []


def test_every_requirement_is_pinned_to_a_version_that_it_allows() -> None:
    """The file is as new as pyproject.toml; `make constraints` renews it."""
    names = {canonicalize_name(name): version for name, version in PINNED.items()}
    wanted = [one for one in REQUIREMENTS if one.name != PROJECT["name"]]

    assert [
        str(one)
        for one in wanted
        if not one.specifier.contains(Version(names[canonicalize_name(one.name)]))
    ] == []


def test_the_constraints_name_no_place() -> None:
    """Versions only: no registry, host, path or local package."""
    lines = [line for line in CONSTRAINTS if not line.startswith("#")]

    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert PROJECT["name"] not in PINNED


def test_one_command_renews_them_and_the_image_uses_them() -> None:
    """The first line names the command, the Makefile has it, and the image installs by the file."""
    assert "make constraints" in CONSTRAINTS[0]
    assert re.search(r"^constraints:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text()
    assert "--constraint constraints.txt" in dockerfile
