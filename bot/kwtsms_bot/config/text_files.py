"""Text files of the configuration: config.yaml and .env, with the cause if one cannot be read."""

from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from kwtsms_bot.config.errors import ConfigurationProblems, Problem

MAX_BYTES = 256 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_AS_UTF8 = "Save the file as UTF-8"


def read_config_file(file: str) -> str:
    """Reads config.yaml.

    Raises:
        ConfigurationProblems: it is missing, unreadable or too large.
    """
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        message = f"can't be read ({(error.strerror or 'unknown error').lower()})"
        remedy = "Create it with kwtsms-bridge init, or pass -c FILE."
        raise _problem(file, message, remedy) from error
    if len(data) > MAX_BYTES:
        raise _problem(
            file, f"larger than {MAX_BYTES // 1024} KiB", "Check that it's the right file."
        )
    return _decode(data, file)


def read_env_file(file: Path) -> dict[str, str]:
    """Reads the variables in `file`; none if there is no such file.

    Raises:
        ConfigurationProblems: it is there and cannot be read.
    """
    try:
        if file.is_dir():
            return _skip_virtual_environment(file)
        if not file.exists() and not file.is_symlink():
            return {}
        data = file.read_bytes()
    except OSError as error:
        message = f"can't be read ({(error.strerror or 'unknown error').lower()})"
        raise _problem(str(file), message, "Fix or remove it.") from error
    # Decoded here: not every version of python-dotenv removes a byte order mark.
    values = dotenv_values(stream=StringIO(_decode(data, str(file))), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _skip_virtual_environment(folder: Path) -> dict[str, str]:
    if (folder / "pyvenv.cfg").is_file():
        return {}
    remedy = "Docker creates a folder when a mounted file is missing. Put the file there instead."
    raise _problem(str(folder), "a folder, not a file", remedy)


def _decode(data: bytes, file: str) -> str:
    if data.startswith(_UTF16) or b"\0" in data[:4]:
        remedy = f"{_AS_UTF8}; in PowerShell: Set-Content -Encoding utf8."
        raise _problem(file, "UTF-16 text, not UTF-8", remedy)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _problem(file, "not UTF-8 text", f"{_AS_UTF8}.", line) from error


def _problem(file: str, message: str, remedy: str, line: int = 0) -> ConfigurationProblems:
    return ConfigurationProblems(file, [Problem(line, "", message, remedy)])
