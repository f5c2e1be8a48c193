"""The Docker image and compose file agree with the code. No Docker is needed."""

import asyncio
import fnmatch
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import click
import psycopg
import pytest
from sqlalchemy import make_url

from kwtsms_bot.cli import main
from kwtsms_bot.database import open_database
from kwtsms_bot.monitoring.health_endpoint import build_application, health_routes, serve_http
from kwtsms_bot.outbox.store import open_outbox
from support.database import AT, migrate, new_message
from support.deployment import (
    DEPLOY,
    LONGEST_STOP_SECONDS,
    PROGRAM,
    ROOT,
    SECRETS,
    parse_arguments,
    paths,
    read_config,
    read_yaml,
    referenced_secrets,
)
from support.postgres import Postgres

CONFIG = DEPLOY / "docker" / "config.yaml"
COMPOSE = read_yaml("docker/compose.yaml")
BRIDGE = COMPOSE["services"]["bridge"]
ATTACKS = (
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_keeps_its_rows ON audit",
    "TRUNCATE audit",
    "CREATE TABLE another (id int)",
    "COPY message TO PROGRAM 'cat'",
)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, without comments and with continued lines joined."""
    text = (DEPLOY / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in lines)
    ]


def arguments_of(name: str) -> list[str]:
    """The arguments of every instruction of that name."""
    return [rest for found, rest in instructions() if found == name]


def health_check() -> list[str]:
    """The command of the container's health check."""
    found: list[str] = json.loads(arguments_of("HEALTHCHECK")[0].partition("CMD ")[2])
    return found


def test_the_program_in_the_image_is_one_that_there_is() -> None:
    """The command and its options exist, and the container runs as a non-root user."""
    (entry,), (command,) = arguments_of("ENTRYPOINT"), arguments_of("CMD")

    assert json.loads(entry) == ["tini", "--", PROGRAM]
    assert any("install --yes --no-install-recommends tini" in one for one in arguments_of("RUN"))
    assert parse_arguments(json.loads(command))["file"] == "/etc/kwtsms-bridge/config.yaml"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", arguments_of("USER")[-1])


def test_both_images_are_one_slim_python_of_one_version() -> None:
    """The environment is copied between both images, so their Python must be the same."""
    (base,) = arguments_of("ARG")

    assert re.fullmatch(r"PYTHON=python:3\.1\d\.\d+-slim", base)
    assert arguments_of("FROM") == ["${PYTHON} AS build", "${PYTHON}"]


class StubReadiness:
    """Readiness of a bot that may hang."""

    hangs = False

    async def needs_restart(self) -> bool:
        """Whether it hangs."""
        return self.hangs


async def test_the_health_check_distinguishes_running_from_stopped() -> None:
    """The Dockerfile's own health check runs here, with another port."""
    _, *arguments = health_check()

    async def run(port: str) -> int:
        here = [argument.replace("8080", port) for argument in arguments]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *here, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait()

    bot = StubReadiness()
    async with serve_http(
        build_application(health_routes(cast("Any", bot))), "127.0.0.1:0"
    ) as address:
        port = address.rpartition(":")[2]
        alive = await run(port)
        bot.hangs = True
        hanging = await run(port)

    assert health_check()[0] == "python"
    assert alive == 0
    assert hanging != 0
    assert await run(port) != 0


def test_the_health_check_asks_where_the_bot_answers() -> None:
    """The port is the same in the image, its health check and the configuration beside it."""
    listen = read_config(CONFIG, SECRETS).http.listen
    asked = " ".join(health_check())
    (port,) = arguments_of("EXPOSE")

    assert listen == f"0.0.0.0:{port}"
    assert f"'127.0.0.1', {port}," in asked
    assert set(re.findall(r"'(/\w+)'", asked)) <= paths()


def test_what_the_image_is_built_from_is_enough(tmp_path: Path) -> None:
    """The copied files, without ignored ones, are enough to build the whole product."""
    copied = [
        word for line in arguments_of("COPY") if "--from" not in line for word in line.split()[:-1]
    ]
    for name in tracked(copied):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tmp_path, check=True
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as made:
        inside = {name for name in made.namelist() if ".dist-info/" not in name}

    ours = {name.partition("/")[2] for name in tracked(["bot", "plugins", "sandbox"])}
    assert inside == {*ours, "kwtsms_bot/config.yaml.example"}


def tracked(places: Sequence[str]) -> list[str]:
    """The repository's files in these places that .dockerignore does not exclude."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *places], cwd=ROOT, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode().split("\0") if name and not ignored(name)]


def ignored(name: str) -> bool:
    """Whether .dockerignore excludes a file; the last matching line decides."""
    found = False
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    for line in (one for one in lines if one and not one.startswith("#")):
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = (name, *(str(parent) for parent in Path(name).parents))
        if any(fnmatch.fnmatch(part, pattern) for part in parts):
            found = not line.startswith("!")
    return found


@pytest.mark.parametrize("name", [".env", "config.yaml", "deploy/docker/secrets/slack_bot_token"])
def test_no_secret_reaches_the_builder(name: str) -> None:
    """Only the listed files are sent to the builder."""
    assert ignored(name)


@pytest.mark.parametrize("name", ["bridge", "schema"])
def test_every_secret_of_the_configuration_is_passed(name: str) -> None:
    """Each secret is a mounted file, and a variable names that file; only the role is no secret."""
    service = COMPOSE["services"][name]
    given = dict(service["environment"])
    role = given.pop("DATABASE_USER")
    files = {name.removesuffix("_FILE"): file for name, file in given.items()}
    mounted = {f"/run/secrets/{name}" for name in service["secrets"]}

    assert role == {"bridge": "kwtsms_app", "schema": "kwtsms_owner"}[name]
    assert set(files) | {"DATABASE_USER"} == referenced_secrets(CONFIG)
    assert set(files.values()) == mounted
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])


def test_secrets_stay_out_of_git() -> None:
    """Git ignores the files in which compose.yaml expects the secrets."""
    for secret in COMPOSE["secrets"].values():
        file = DEPLOY / "docker" / secret["file"]
        assert (
            subprocess.run(["git", "check-ignore", "-q", file], cwd=ROOT, check=False).returncode
            == 0
        )


def test_replicas_share_a_database_that_is_there() -> None:
    """Several replicas share the PostgreSQL beside them, in a role that owns nothing."""
    database = COMPOSE["services"]["database"]
    url = urlsplit(read_config(CONFIG, SECRETS).outbox.database)

    assert BRIDGE["deploy"]["replicas"] > 1
    assert BRIDGE["depends_on"] == {"schema": {"condition": "service_completed_successfully"}}
    assert (url.hostname, url.path) == ("database", f"/{database['environment']['POSTGRES_DB']}")
    assert (url.username, url.password) == ("kwtsms_app", SECRETS["DATABASE_PASSWORD"])
    assert "sslmode=" in url.query
    assert "POSTGRES_USER" not in database["environment"]


def test_the_schema_is_brought_up_to_date_by_a_command_that_there_is() -> None:
    """The service `schema` opens the database once, as the owner of the tables."""
    program, *arguments = COMPOSE["services"]["schema"]["entrypoint"][-1].split(" > ")[0].split()

    assert program == PROGRAM
    with click.Context(main) as context:
        group = main.get_command(context, arguments[0])
        assert isinstance(group, click.Group)
        command = group.get_command(context, arguments[1])
        assert command is not None
        made = command.make_context("export", arguments[2:], parent=context)
    assert made.params["file"] == "/etc/kwtsms-bridge/config.yaml"


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_has_limits_and_a_fixed_image(name: str) -> None:
    """Memory and processes are limited, tags are versions, and no port is published."""
    service = COMPOSE["services"][name]

    assert service["mem_limit"]
    assert service["pids_limit"] <= 256
    assert re.fullmatch(r"[\w/-]+:\d+[.\d]*", service["image"])
    assert "ports" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_the_bot_reaches_the_world() -> None:
    """The database, its back-up and the schema's owner are on a network without a way out."""
    reach = {
        name for name, one in COMPOSE["services"].items() if "outside" in one.get("networks", ())
    }

    assert reach == {"bridge"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}


async def test_the_bots_role_reads_and_writes_rows_and_changes_no_table(
    postgres_databases: Postgres,
) -> None:
    """With the roles of roles.sh a bot starts and works, and can't unprotect the ledger."""
    script = (DEPLOY / "docker" / "roles.sh").read_text()
    (statements,) = re.findall(r"<<'SQL'\n(.*)SQL\n", script, re.DOTALL)
    url = postgres_databases.new_empty_database()
    name = urlsplit(url).path.strip("/")
    for role in ("owner", "app"):
        statements = statements.replace(f":'{role}'", "'secret'")
    statements = statements.replace("kwtsms_", f"{name}_")
    statements = statements.replace("DATABASE kwtsms", f"DATABASE {name}")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(statements.encode())
    owner, app = (
        make_url(url).set(username=f"{name}_{role}", password="secret").render_as_string(False)
        for role in ("owner", "app")
    )
    await migrate(owner)

    database = await open_database(app)
    accepted = await open_outbox(database).intake.accept(new_message(), AT)
    await database.close()

    assert accepted.fresh
    for attack in ATTACKS:
        with (
            psycopg.connect(app) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(attack.encode())


def test_the_container_has_what_it_needs_and_time_to_stop() -> None:
    """The configuration is where the program expects it, and nothing else is writable."""
    volume = BRIDGE["volumes"][0].split(":")

    assert volume == ["./config.yaml", "/etc/kwtsms-bridge/config.yaml", "ro"]
    assert int(BRIDGE["stop_grace_period"].removesuffix("s")) > LONGEST_STOP_SECONDS
    assert (BRIDGE["read_only"], BRIDGE["cap_drop"]) == (True, ["ALL"])
    build = COMPOSE["services"]["schema"]["build"]
    assert (DEPLOY / "docker" / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
