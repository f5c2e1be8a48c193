"""A message's life, from acceptance to the last thing that can be known of it. Knows no Slack."""
