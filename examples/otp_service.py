"""One-time passwords in production: an aiohttp service that keeps its limits in SQLite.

OTP_KEY=$(python -c "import secrets; print(secrets.token_hex(32))") python examples/otp_service.py

POST /request {"number": "+96598765432"}                      sends a code
POST /check   {"number": "+96598765432", "code": "123456"}    200 for the right code, once

Codes are kept as keyed hashes. A code is valid for five minutes, until the next one or five wrong
tries. A number gets a new code after four minutes, five an hour. An address may request twenty an
hour, and be wrong twenty times. Behind a proxy, set the address from its header in `remote`.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from dotenv import dotenv_values

from kwtsms_client import AsyncClient, ConfigurationError, InvalidInput, Outcome, parse_phone

COMPANY = "Example Co"
# Only these: fraudsters earn from codes that they request for numbers of their own abroad.
COUNTRIES = ("965",)
LIVES, RESEND_AFTER, HOUR, TRIES = 300, 240, 3600, 5
LIMITS = {"number": 5, "address": 20, "wrong": 20}  # In an hour: codes, codes, wrong tries.
KEY_BYTES = 32
MAX_BODY = 1024
SCHEMA = """
CREATE TABLE IF NOT EXISTS code (number TEXT PRIMARY KEY, hash BLOB, expires REAL, tries INT);
CREATE TABLE IF NOT EXISTS used (what TEXT, who TEXT, at REAL);
CREATE INDEX IF NOT EXISTS used_at ON used (at);
CREATE INDEX IF NOT EXISTS used_by ON used (what, who);
"""


class Refusal(Exception):
    """A limit is reached; `wait` is the number of seconds until the next try."""

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = int(wait) + 1


class Codes:
    """The codes and the limits; `clock` gives the time in seconds."""

    def __init__(self, file: str, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key, self._clock = key, clock
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(SCHEMA)

    def issue(self, number: str, address: str) -> str:
        """A new code for a number; the one before is void.

        Raises:
            Refusal: a limit is reached.
        """
        with self._transaction() as now:
            self._check_limit("number", number, now)
            self._check_limit("address", address, now)
            self._check_last(number, now)
            code = f"{secrets.randbelow(10**6):06}"
            self._use("number", number, now)
            self._use("address", address, now)
            self._db.execute(
                "REPLACE INTO code VALUES (?, ?, ?, 0)",
                (number, self._hash(number, code), now + LIVES),
            )
        return code

    def check(self, number: str, code: str, address: str) -> bool:
        """Checks a number's code; the right one is good once.

        Raises:
            Refusal: the address was wrong too often.
        """
        with self._transaction() as now:
            self._check_limit("wrong", address, now)
            row = self._db.execute(
                "UPDATE code SET tries = tries + 1 WHERE number = ? AND expires > ? AND tries < ? "
                "RETURNING hash",
                (number, now, TRIES),
            ).fetchone()
            right = row is not None and hmac.compare_digest(row[0], self._hash(number, code))
            if right:
                self._db.execute("DELETE FROM code WHERE number = ?", (number,))
            else:
                self._use("wrong", address, now)
        return right

    def withdraw(self, number: str) -> None:
        """Voids a code that was not sent, so that the number may get another at once.

        The request still counts for the address: rejected numbers must not get around its limit.
        """
        with self._transaction():
            self._db.execute("DELETE FROM code WHERE number = ?", (number,))
            self._db.execute(
                "DELETE FROM used WHERE rowid = "
                "(SELECT MAX(rowid) FROM used WHERE what = 'number' AND who = ?)",
                (number,),
            )

    @contextmanager
    def _transaction(self) -> Iterator[float]:
        """Runs a transaction, and yields its time; deletes uses that are an hour old."""
        now = self._clock()
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM used WHERE at <= ?", (now - HOUR,))
            yield now

    def _use(self, what: str, who: str, now: float) -> None:
        self._db.execute("INSERT INTO used VALUES (?, ?, ?)", (what, who, now))

    def _check_limit(self, what: str, who: str, now: float) -> None:
        query = "SELECT COUNT(*), MIN(at) FROM used WHERE what = ? AND who = ?"
        count, first = self._db.execute(query, (what, who)).fetchone()
        if count >= LIMITS[what]:
            raise Refusal("That was too often.", first + HOUR - now)

    def _check_last(self, number: str, now: float) -> None:
        query = "SELECT MAX(at) FROM used WHERE what = 'number' AND who = ?"
        (last,) = self._db.execute(query, (number,)).fetchone()
        if last and now - last < RESEND_AFTER:
            raise Refusal("A code was sent just now.", last + RESEND_AFTER - now)

    def _hash(self, number: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{number}:{code}".encode(), hashlib.sha256)


def service(codes: Codes, sms: AsyncClient) -> web.Application:
    """The web application with its two endpoints."""

    async def request(asked: web.Request) -> web.Response:
        number = phone(await fields(asked))
        code = codes.issue(number, asked.remote or "")
        text = f"Your {COMPANY} code is {code}. It is valid for 5 minutes."
        (result,) = (await sms.send(number, text, deadline=20)).recipients
        if result.outcome in (Outcome.REJECTED, Outcome.NOT_SENT):
            codes.withdraw(number)
            error = "The code could not be sent. Please try again later."
            return web.json_response({"error": error}, status=503)
        return web.json_response({"expires_in": LIVES})  # Unknown: it may arrive; not sent again.

    async def check(asked: web.Request) -> web.Response:
        given = await fields(asked)
        right = codes.check(phone(given), typed(str(given.get("code"))), asked.remote or "")
        return web.json_response({"right": right}, status=200 if right else 403)

    app = web.Application(client_max_size=MAX_BODY, middlewares=[limited])
    app.router.add_post("/request", request)
    app.router.add_post("/check", check)
    return app


@web.middleware
async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers with HTTP 429 when a limit is reached."""
    try:
        return await handler(request)
    except Refusal as refusal:
        headers = {"Retry-After": str(refusal.wait)}
        return web.json_response({"error": str(refusal)}, status=429, headers=headers)


async def fields(asked: web.Request) -> dict[str, Any]:
    """The JSON object in a request; 400 where there is none."""
    try:
        return dict(await asked.json())
    except (ValueError, TypeError, LookupError, RecursionError, web.RequestPayloadError) as error:
        raise web.HTTPBadRequest(text="A JSON object is needed.") from error


def phone(given: dict[str, Any]) -> str:
    """The number in a request; 400 if there is none, or no codes are sent to its country."""
    try:
        number = parse_phone(given["number"], default_country=COUNTRIES[0])
    except (KeyError, TypeError, InvalidInput) as error:
        raise web.HTTPBadRequest(text="A mobile number is needed.") from error
    if not number.startswith(COUNTRIES):
        raise web.HTTPBadRequest(text="There are no codes for that country.")
    return number


def typed(text: str) -> str:
    """The code that was typed, as ASCII digits; empty if it is not six digits of some script."""
    digits = "".join(text.split())
    return f"{int(digits):06}" if len(digits) == 6 and digits.isdecimal() else ""


def main() -> None:
    """Runs the service, configured in the environment or .env: OTP_KEY, and see README.md."""
    settings = {**dotenv_values(".env"), **os.environ}
    key = (settings.get("OTP_KEY") or "").encode()
    if len(key) < KEY_BYTES:
        sys.exit(f"Set OTP_KEY to {KEY_BYTES} bytes or more that nobody can guess; see README.md.")
    try:
        sms = AsyncClient.from_env()
    except ConfigurationError as error:
        sys.exit(f"Set up first: {error}")
    app = service(Codes(settings.get("OTP_DATABASE") or "otp.sqlite3", key), sms)

    async def close(_: web.Application) -> None:
        await sms.aclose()

    app.on_cleanup.append(close)
    web.run_app(app, host="127.0.0.1", port=int(settings.get("OTP_PORT") or "8080"))


if __name__ == "__main__":
    main()
