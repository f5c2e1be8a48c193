"""The requests of each tool, read as alerts: one pure module a kind."""
