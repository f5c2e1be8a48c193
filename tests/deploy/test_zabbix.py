"""The media type for Zabbix posts what the bridge reads, and fails unless it was accepted."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from kwtsms_bot.bridge.integrations.request import WebhookRequest
from support.bridge import JSON_TYPE, parse, sample
from support.deployment import read_yaml

NODE = shutil.which("node")
(MEDIA,) = read_yaml("zabbix/media_kwtsms_bridge.yaml")["zabbix_export"]["media_types"]
MACROS = {one["name"]: one["value"] for one in MEDIA["parameters"]}
OWN = {"url": "https://alerts.example.com/hooks/network", "token": "kwb_secret", "http_proxy": ""}
# Zabbix runs the script as a function of `value`, with a client of its own.
HARNESS = """
const [script, value, status] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const sent = {headers: []};
class HttpRequest {
    addHeader(line) { sent.headers.push(line); }
    setProxy(proxy) { sent.proxy = proxy; }
    post(url, body) { sent.url = url; sent.body = body; return '{"ok":true}'; }
    getStatus() { return status; }
}
try {
    sent.returned = new Function('value', 'HttpRequest', script)(value, HttpRequest);
} catch (error) {
    sent.thrown = String(error);
}
console.log(JSON.stringify(sent));
"""
needs_node = pytest.mark.skipif(NODE is None, reason="needs Node.js")


def run(status: int, **parameters: str) -> dict[str, Any]:
    """Runs the script with these parameters; returns what it sent, and how it ended."""
    values = sample("zabbix") | OWN | parameters
    written = json.dumps([MEDIA["script"], json.dumps(values), status])
    ran = subprocess.run(
        [NODE or "node", "-e", HARNESS], input=written, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_every_field_is_a_parameter() -> None:
    """The parameters are the sample's fields, and the two that a person fills in."""
    assert set(MACROS) == set(sample("zabbix")) | set(OWN)
    assert all(re.fullmatch(r"\{\$?[A-Z.]+\}", MACROS[name]) for name in sample("zabbix"))


def test_all_operations_have_a_message() -> None:
    """Zabbix sends nothing for an operation without a template."""
    modes = {one["operation_mode"] for one in MEDIA["message_templates"]}

    assert modes == {"PROBLEM", "RECOVERY", "UPDATE"}


@needs_node
def test_the_script_posts_what_the_bridge_reads() -> None:
    """The token is in the header and not in the body."""
    done = run(200)
    (alert,) = parse("zabbix", WebhookRequest(done["body"].encode(), {"x": JSON_TYPE})).alerts

    assert (done["url"], done["returned"]) == (OWN["url"], "OK")
    assert "Authorization: Bearer kwb_secret" in done["headers"]
    assert "kwb_secret" not in done["body"]
    assert alert.key == "184211"


@needs_node
@pytest.mark.parametrize(("status", "thrown"), [(202, False), (401, True), (503, True), (0, True)])
def test_the_script_throws_unless_it_was_accepted(status: int, *, thrown: bool) -> None:
    """Zabbix tries again after an exception, and shows it in its list of actions."""
    done = run(status)

    assert ("thrown" in done) is thrown
    assert "kwb_secret" not in done.get("thrown", "")


@needs_node
def test_the_script_refuses_a_wrong_address() -> None:
    """An address that nobody filled in is named before anything is sent."""
    done = run(200, url="{$KWTSMS.URL}")

    assert "url" not in done
    assert "the parameter url is no address" in done["thrown"]
