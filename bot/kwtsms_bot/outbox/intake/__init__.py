"""From a request to durable rows; drafts wait here for a confirmation."""
