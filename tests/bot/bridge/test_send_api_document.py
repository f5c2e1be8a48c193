"""The API keeps to its OpenAPI document: no answer is missing there, and none is a 5xx."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kwtsms_bot.bridge.send_api.errors import ErrorCode
from kwtsms_bot.bridge.send_api.fields import STATUS, STATUSES
from kwtsms_bot.bridge.send_api.openapi import (
    CANCEL_ERRORS,
    LIST_ERRORS,
    SEND_ERRORS,
    SHOW_ERRORS,
    make_document,
)
from kwtsms_bot.outbox.states import State
from support.api_bench import TOKEN, api_bench, api_config
from support.database import NUMBER, OTHER, prepare_database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]
SCHEMA = schemathesis.openapi.from_dict(make_document())
# In all 2,000 requests: path, method, whether they keep to the document, and how many.
REQUESTS = (
    *[("/v1/messages", "POST", GenerationMode.POSITIVE, 350)] * 2,
    *[("/v1/messages", "POST", GenerationMode.NEGATIVE, 350)] * 2,
    ("/v1/messages", "GET", GenerationMode.POSITIVE, 150),
    ("/v1/messages", "GET", GenerationMode.NEGATIVE, 150),
    ("/v1/messages/{id}", "GET", GenerationMode.POSITIVE, 100),
    ("/v1/messages/{id}/cancel", "POST", GenerationMode.POSITIVE, 200),
)
# A generated recipient is hardly ever a number; so some requests get one that is.
PEOPLE = st.sampled_from((None, NUMBER, [NUMBER, f"+{OTHER}"]))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an API that runs in a thread, with budgets that nothing uses up."""
    folder = tmp_path_factory.mktemp("api")
    ready: Future[str] = Future()
    stopped = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, ready, stopped)))
    thread.start()
    yield ready.result(timeout=30)
    stopped.set()
    thread.join()


async def _serve(folder: Path, ready: "Future[str]", stopped: threading.Event) -> None:
    config = api_config(credits_per_day=10**6, per_number_per_hour=10**6)
    async with api_bench(prepare_database(folder / "outbox.sqlite3"), config) as bench:
        bench.tick = timedelta(minutes=1)  # So that no address has failed too often.
        ready.set_result(str(bench.client.base_url))
        await asyncio.to_thread(stopped.wait)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all requests."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.mark.parametrize(
    ("number", "path", "method", "mode", "count"),
    [(number, *request) for number, request in enumerate(REQUESTS)],
)
def test_generated_requests(
    address: str,
    session: requests.Session,
    number: int,
    path: str,
    method: str,
    mode: GenerationMode,
    count: int,
) -> None:
    """Whatever is sent, the answer has a documented status, type, form and headers."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"to": NUMBER, "text": "hello"}
    first = httpx.post(f"{address}/v1/messages", headers=headers, json=body).json()["id"]
    statuses: Counter[int] = Counter()

    @seed(number)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(case=SCHEMA[path][method].as_strategy(generation_mode=mode), to=PEOPLE)
    def send(case: Case[Any], to: Any) -> None:
        if to and mode is GenerationMode.POSITIVE:
            if isinstance(case.body, dict):
                case.body = {**case.body, "to": to, "sender_id": "MY-APP", "urgent": False}
            elif "id" in case.path_parameters:
                case.path_parameters["id"] = first
        answer = case.call(base_url=address, headers=headers, session=session)
        case.validate_response(answer, checks=CHECKS)
        statuses[answer.status_code] += 1

    send()

    assert statuses.total() >= count
    assert statuses[401] < count / 2
    assert mode is GenerationMode.NEGATIVE or statuses[200] + statuses[201] > count / 20


def test_the_document_is_valid() -> None:
    """A public validator accepts the document as OpenAPI 3.1."""
    validate(make_document())


async def test_the_document_is_served_without_a_token(tmp_path: Path) -> None:
    """Anybody who reaches the API can read its document."""
    async with api_bench(prepare_database(tmp_path / "outbox.sqlite3")) as bench:
        served = (await bench.client.get("/v1/openapi.json")).json()

    assert served == make_document()


def test_every_error_is_documented() -> None:
    """Each code is in an operation, but for the one of methods that no operation has."""
    documented = {*SEND_ERRORS, *LIST_ERRORS, *SHOW_ERRORS, *CANCEL_ERRORS}

    assert set(ErrorCode) - documented == {ErrorCode.METHOD_NOT_ALLOWED}


def test_every_state_has_a_status() -> None:
    """No state of a recipient is without a word for it, nor a word without a meaning."""
    assert set(STATUS) == set(State)
    assert set(STATUS.values()) == set(STATUSES)
