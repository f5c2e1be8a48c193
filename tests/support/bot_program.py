"""The program of a bot with shorter waits: `bot_program.py '{"finish": 2}' run -c config.yaml`.

`kwtsms-bridge` has no such options, because nobody needs them in production.
"""

import json
import sys
from datetime import timedelta
from functools import partial

from kwtsms_bot.cli import bot_process, main
from kwtsms_bot.service import Service
from kwtsms_bot.service.waits import Waits

if __name__ == "__main__":
    waits = json.loads(sys.argv[1])
    interval = timedelta(seconds=waits.pop("interval"))
    service = partial(Service, interval=interval, waits=Waits(**waits))
    setattr(bot_process, "Service", service)  # noqa: B010
    main(sys.argv[2:])
