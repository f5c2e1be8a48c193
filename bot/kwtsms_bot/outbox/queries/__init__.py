"""Read models: messages, cards, statistics."""
