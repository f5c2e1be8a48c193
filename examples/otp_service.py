"""One-time passwords in production: an aiohttp service that keeps its limits in SQLite.

python examples/otp_service.py

POST /request {"number": "+96598765432"}                      sends a code
POST /check   {"number": "+96598765432", "code": "123456"}    200 for the right code, once

Codes are kept as keyed hashes, live five minutes, and end with the next one or after five wrong
tries. A number gets a new code after four minutes, five an hour; an address may ask for twenty an
hour. Behind a proxy, set the address from its header in `remote`.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from kwtsms_client import AsyncClient, InvalidInput, Outcome, parse_phone

COMPANY = "Example Co"
LIVES, RESEND_AFTER, HOUR = 300, 240, 3600
PER_NUMBER, PER_ADDRESS, TRIES = 5, 20, 5
MAX_BODY = 1024
SCHEMA = """
CREATE TABLE IF NOT EXISTS code (number TEXT PRIMARY KEY, hash BLOB, expires REAL, tries INT);
CREATE TABLE IF NOT EXISTS asked (number TEXT, address TEXT, at REAL);
CREATE INDEX IF NOT EXISTS asked_at ON asked (at);
"""


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why there is no code, and how long to wait for one."""

    reason: str
    wait: int


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
        now = self._clock()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute("DELETE FROM asked WHERE at <= ?", (now - HOUR,))
            self._check("number", number, PER_NUMBER)
            self._check("address", address, PER_ADDRESS)
            self._check_last(number, now)
            code = f"{secrets.randbelow(10**6):06}"
            self._db.execute("INSERT INTO asked VALUES (?, ?, ?)", (number, address, now))
            self._db.execute(
                "REPLACE INTO code VALUES (?, ?, ?, 0)",
                (number, self._hash(number, code), now + LIVES),
            )
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        return code

    def check(self, number: str, code: str) -> bool:
        """Whether it is the number's code; the right one is good once."""
        row = self._db.execute(
            "UPDATE code SET tries = tries + 1 WHERE number = ? AND expires > ? AND tries < ? "
            "RETURNING hash",
            (number, self._clock(), TRIES),
        ).fetchone()
        right = row is not None and hmac.compare_digest(row[0], self._hash(number, code))
        if right:
            gone = self._db.execute("DELETE FROM code WHERE number = ?", (number,))
            return gone.rowcount == 1
        return False

    def withdraw(self, number: str) -> None:
        """Nothing was sent: the code is void, and the number may ask at once."""
        self._db.execute("DELETE FROM code WHERE number = ?", (number,))
        self._db.execute(
            "DELETE FROM asked WHERE rowid = (SELECT MAX(rowid) FROM asked WHERE number = ?)",
            (number,),
        )

    def _check(self, column: str, value: str, most: int) -> None:
        query = f"SELECT COUNT(*), MIN(at) FROM asked WHERE {column} = ?"  # noqa: S608 - Ours.
        count, first = self._db.execute(query, (value,)).fetchone()
        if count >= most:
            raise Refusal("Too many codes were asked for.", int(first + HOUR - self._clock()) + 1)

    def _check_last(self, number: str, now: float) -> None:
        query = "SELECT MAX(at) FROM asked WHERE number = ?"
        (last,) = self._db.execute(query, (number,)).fetchone()
        if last and now - last < RESEND_AFTER:
            raise Refusal("A code was sent just now.", int(last + RESEND_AFTER - now) + 1)

    def _hash(self, number: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{number}:{code}".encode(), hashlib.sha256)


def service(codes: Codes, sms: AsyncClient) -> web.Application:
    """The two addresses."""

    async def request(asked: web.Request) -> web.Response:
        number = await phone(asked)
        try:
            code = codes.issue(number, asked.remote or "")
        except Refusal as refusal:
            headers = {"Retry-After": str(refusal.wait)}
            return web.json_response({"error": refusal.reason}, status=429, headers=headers)
        text = f"Your {COMPANY} code is {code}. It is valid for 5 minutes."
        (result,) = (await sms.send(number, text, deadline=20)).recipients
        if result.outcome in (Outcome.REJECTED, Outcome.NOT_SENT):
            codes.withdraw(number)
            error = "The code could not be sent. Please try again later."
            return web.json_response({"error": error}, status=503)
        return web.json_response({"expires_in": LIVES})  # Unknown: it may arrive; not sent again.

    async def check(asked: web.Request) -> web.Response:
        number = await phone(asked)
        right = codes.check(number, str((await asked.json()).get("code", ""))[:6])
        return web.json_response({"right": right}, status=200 if right else 403)

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/request", request)
    app.router.add_post("/check", check)
    return app


async def phone(asked: web.Request) -> str:
    """The number in a request; 400 where there is none."""
    try:
        body = await asked.json()
        return parse_phone(body["number"], default_country="965")
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise web.HTTPBadRequest(text="A mobile number is needed.") from error


async def started() -> web.Application:
    """The service, set up by the environment: OTP_KEY, OTP_DATABASE and the KWTSMS_ variables."""
    codes = Codes(os.environ.get("OTP_DATABASE", "otp.sqlite3"), os.environ["OTP_KEY"].encode())
    sms = AsyncClient.from_env()
    app = service(codes, sms)

    async def close(_: web.Application) -> None:
        await sms.aclose()

    app.on_cleanup.append(close)
    return app


if __name__ == "__main__":
    web.run_app(started(), host="127.0.0.1", port=int(os.environ.get("OTP_PORT", "8080")))
