"""Amazon SNS: whether a message is Amazon's, and the confirmation of subscriptions."""
