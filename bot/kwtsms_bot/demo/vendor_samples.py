"""Bodies as products outside of Prometheus' family post them, for the demo's page. Pure."""

import json
from datetime import datetime
from typing import Any

from kwtsms_bot.demo.sns import CERTIFICATE_URL, TOPIC
from kwtsms_bot.kuwait_time import KUWAIT_TZ

Body = dict[str, Any]


def checkmk(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """A file system of a host, from our notification script."""
    return {
        "what": "SERVICE",
        "notification_type": "RECOVERY" if ended_at else "PROBLEM",
        "host": f"db{number:02}",
        "service": "Filesystem /var",
        "state": "OK" if ended_at else "CRIT",
        "output": "40.0% used" if ended_at else "96.0% used",
        "micro_time": str(int((ended_at or started_at).timestamp() * 1_000_000)),
        "site": "prod",
    }


def github(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """A run of a workflow on the default branch."""
    return {
        "action": "completed",
        "workflow_run": {
            "id": number,
            "name": "Deploy",
            "workflow_id": number,
            "head_branch": "main",
            "display_title": "Raise the timeout",
            "event": "push",
            "conclusion": "success" if ended_at else "failure",
            "html_url": f"https://github.com/example/shop/actions/runs/{number}",
            "updated_at": (ended_at or started_at).isoformat(),
        },
        "repository": {"full_name": f"example/shop{number}", "default_branch": "main"},
    }


def netdata(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """An alert of Netdata Cloud about a node."""
    severity = "clear" if ended_at else "critical"
    return {
        "message": f"10min_cpu_usage on db{number:02} is {severity}, 97.2%",
        "alert": "10min_cpu_usage",
        "info": "average CPU utilization over the last 10 minutes",
        "chart": "system.cpu",
        "class": "Utilization",
        "severity": severity,
        "date": (ended_at or started_at).isoformat(),
        "alert_url": f"https://app.netdata.cloud/spaces/example/alerts/{number}",
    }


def pagerduty(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """An event of a client of PagerDuty's API."""
    event: Body = {
        "routing_key": "",
        "event_action": "resolve" if ended_at else "trigger",
        "dedup_key": f"db{number:02}/replication",
    }
    if ended_at:
        return event
    payload = {
        "summary": f"Replication on db{number:02} is 5 minutes behind",
        "source": f"db{number:02}",
        "severity": "critical",
        "timestamp": started_at.isoformat(),
    }
    return event | {"payload": payload}


def prtg(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """The fields of PRTG's form about a sensor."""
    since = (ended_at or started_at).astimezone(KUWAIT_TZ)
    return {
        "sensorid": str(2200 + number),
        "device": f"core-sw-{number}",
        "sensor": "Ping",
        "status": "Down ended (now: Up)" if ended_at else "Down",
        "message": "OK" if ended_at else "Request timed out (ICMP error # 11010)",
        "since": f"{since:%d/%m/%Y %H:%M:%S}",
        "priority": "*****",
    }


def sentry(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """A metric alert of Sentry."""
    state = "Resolved" if ended_at else "Critical"
    return {
        "action": "resolved" if ended_at else "critical",
        "data": {
            "description_title": f"{state}: Errors in shop {number}",
            "description_text": "1000 events in the last 10 minutes",
            "metric_alert": {
                "id": str(number),
                "projects": [f"shop{number}"],
                "date_started": started_at.isoformat(),
                "date_closed": ended_at.isoformat() if ended_at else None,
            },
        },
    }


def sns(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """An alarm of CloudWatch in a message of SNS, before it is signed."""
    at = ended_at or started_at
    alarm = {
        "AlarmName": f"cpu-high-{number}",
        "AlarmDescription": "CPU above 90%",
        "AlarmArn": f"arn:aws:cloudwatch:me-south-1:123456789012:alarm:cpu-high-{number}",
        "NewStateValue": "OK" if ended_at else "ALARM",
        "StateChangeTime": at.isoformat(),
        "Region": "Middle East (Bahrain)",
    }
    return {
        "Type": "Notification",
        "MessageId": f"22b80b92-fdea-4c2c-8f9d-{number:012}",
        "TopicArn": TOPIC,
        "Message": json.dumps(alarm),
        "Timestamp": at.isoformat(),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
    }


def zabbix(number: int, started_at: datetime, ended_at: datetime | None) -> Body:
    """A problem of a switch, from our media type."""
    begun = started_at.astimezone(KUWAIT_TZ)
    ended = ended_at.astimezone(KUWAIT_TZ) if ended_at else None
    return {
        "event_id": str(184_000 + number),
        "event_value": "0" if ended else "1",
        "event_update_status": "0",
        "event_name": f"High CPU utilization on core-sw-{number}",
        "event_severity": "High",
        "event_nseverity": "4",
        "host": f"core-sw-{number}",
        "event_date": f"{begun:%Y.%m.%d}",
        "event_time": f"{begun:%H:%M:%S}",
        "event_recovery_date": f"{ended:%Y.%m.%d}" if ended else "",
        "event_recovery_time": f"{ended:%H:%M:%S}" if ended else "",
        "opdata": "97 %",
    }
