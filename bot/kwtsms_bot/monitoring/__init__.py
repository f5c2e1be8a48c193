"""Health, metrics and heartbeat of the running bot. Contains no Slack code and no SQL."""
