"""Sending one message after the other over TLS, with 50 ms of added round-trip time.

    .venv/bin/python benchmarks/sends.py

Between both clients and the gateway stands a relay that holds every byte back for 25 ms each way:
so the round trips of connecting and of TLS cost what they cost far away. The pace of our client is
switched off, as the official one has none; kwtSMS itself takes two requests a second.
"""

import asyncio
import socket
import ssl
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import kwtsms._core as core
from kwtsms import KwtSMS

from kwtsms_client import Client, Credentials
from kwtsms_client.pacing import Pacer
from kwtsms_sandbox.gateway import Gateway, RunningGateway

ONE_WAY = 0.025
COUNT = 20
ROUNDS = 5
