"""Unknown outcomes: evidence, decisions of people, cancellation."""
