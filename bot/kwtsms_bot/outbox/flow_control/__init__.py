"""When a call may start: rate limiter, cooldown, circuit breaker, kill switch."""
