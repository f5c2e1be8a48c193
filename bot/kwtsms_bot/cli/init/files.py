"""The files that a setup writes: planned as texts, then each written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kwtsms_bot.cli.init.answers import SetupAnswers
from kwtsms_bot.cli.init.saved_setup import (
    ADMINS,
    APP_TOKEN,
    BOT_TOKEN,
    GATEWAY_URL,
    PASSWORD,
    SENDER_ID,
    SLACK_URL,
    USERNAME,
    WARNING_CHANNELS,
    SavedSetup,
)
from kwtsms_bot.config.env_edits import set_variables
from kwtsms_bot.config.yaml_edits import AddItems, Edit, SetValue, apply_edits, describe

OWNER_ONLY = 0o600
NOT_OTHERS = 0o770  # Of a file of secrets that its owner has opened to a group.


class FileNotWritten(Exception):
    """A file can't be written; it is as it was."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file as it will be."""

    path: Path
    text: str = field(repr=False)
    is_secret: bool


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """The files to write, and what changes in them, without secrets."""

    files: tuple[PlannedFile, ...]
    changes: tuple[str, ...]


def plan_files(saved: SavedSetup, answers: SetupAnswers) -> SetupPlan:
    """Plans what the answers change; .env comes first, because config.yaml refers to it.

    Raises:
        NotEditable: a file is written in a way that can't be changed safely.
    """
    variables = _variables(saved, answers)
    edits = [*_references(saved, answers), *_edits(answers)]
    edits = [one for one in edits if apply_edits(saved.config_text, [one]) != saved.config_text]
    config_text = apply_edits(saved.config_text, edits)
    files = []
    if variables:
        env_text = set_variables(saved.env_text, variables)
        files.append(PlannedFile(saved.env_file, env_text, is_secret=True))
    if config_text != saved.on_disk:
        files.append(PlannedFile(saved.config_file, config_text, is_secret=False))
    return SetupPlan(tuple(files), (*(f"{name} in .env" for name in variables), *describe(edits)))


def _variables(saved: SavedSetup, answers: SetupAnswers) -> dict[str, str]:
    """The variables of .env that get another value."""
    return {
        saved.variable(path): value
        for path, value in _secrets(answers).items()
        if value is not None and value != saved.stored(path)
    }


def _references(saved: SavedSetup, answers: SetupAnswers) -> list[Edit]:
    """The references of config.yaml to variables that are new, or that it lacks."""
    return [
        SetValue(path, f"${{{saved.variable(path)}}}")
        for path, value in _secrets(answers).items()
        if value is not None and (value != saved.stored(path) or not saved.text(path))
    ]


def _secrets(answers: SetupAnswers) -> dict[tuple[str, ...], str | None]:
    return {
        BOT_TOKEN: answers.slack.bot_token,
        APP_TOKEN: answers.slack.app_token,
        USERNAME: answers.account.username,
        PASSWORD: answers.account.password,
    }


def _edits(answers: SetupAnswers) -> list[Edit]:
    edits: list[Edit] = []
    for path, value in (
        (SLACK_URL, answers.slack_url),
        (GATEWAY_URL, answers.gateway_url),
        (SENDER_ID, answers.account.sender_id),
    ):
        if value is not None:
            edits.append(SetValue(path, value))
    if answers.admin is not None:
        edits.append(AddItems(ADMINS, (answers.admin.id,)))
    if answers.channels:
        edits.append(AddItems(WARNING_CHANNELS, tuple(one.id for one in answers.channels)))
    return edits


def write_file(file: PlannedFile) -> None:
    """Writes the file whole or not at all; a file of secrets is never readable by others.

    Where a symbolic link leads there, the link stays.

    Raises:
        FileNotWritten: it can't be written.
    """
    try:
        _replace(file.path.resolve(), file)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise FileNotWritten(f"{file.path} can't be written ({reason}).") from error


def _replace(path: Path, file: PlannedFile) -> None:
    """Writes a new file beside the old one, and renames it."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            out.write(file.text)
            out.flush()
            _keep_owner(out.fileno(), path, is_secret=file.is_secret)
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _keep_owner(descriptor: int, path: Path, *, is_secret: bool) -> None:
    """Gives a new file the owner and the permissions of the old one."""
    if os.name != "posix":
        return
    if not path.exists():
        os.fchmod(descriptor, OWNER_ONLY if is_secret else 0o666 & ~_umask())
        return
    old = path.stat()
    with suppress(PermissionError):  # Another owner's file in a folder of ours.
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & (NOT_OTHERS if is_secret else 0o7777))


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current
