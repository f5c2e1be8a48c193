"""What is done at set times is done at these times."""

from datetime import timedelta
from pathlib import Path

from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.config import Config
from kwtsms_bot.operation.counting import CountedTurns
from kwtsms_bot.operation.metrics import Metrics
from kwtsms_bot.outbox.store import DatabasePacer
from kwtsms_bot.service.parts import Parts, gateway_client
from kwtsms_bot.service.schedule import schedule
from support.alerts import kinds, look
from support.database import opened
from support.operating import SECRETS

MINUTE = timedelta(minutes=1)


async def test_a_digest_is_made_within_a_minute_of_its_time(tmp_path: Path) -> None:
    """However seldom the balance is looked at."""
    watch = {"channels": ["C0123ABCD"], "digest": "00:00", "every": "24h"}
    account = {"username": "u", "password": "p", "sender_id": "MY-APP"}
    sections = {"slack": SECRETS, "kwtsms": account, "alerts": {"balance": watch}}
    config = Config.model_validate(sections)
    async with opened(tmp_path) as database:
        metrics = Metrics()
        pacer = CountedTurns(DatabasePacer(database), metrics)
        gateway = gateway_client(config, pacer, metrics)
        parts = Parts(config, database=database, gateway=gateway, pacer=pacer, metrics=metrics)
        alerts = AlertStore(database)
        await look(alerts, 1000, "C0123ABCD", at=parts.clock())
        for job in schedule(parts).get_jobs():
            if getattr(job.trigger, "interval", None) == MINUTE:
                await job.func()
        await parts.tasks.finish(10)

        assert await kinds(alerts, "C0123ABCD") == ["digest"]
