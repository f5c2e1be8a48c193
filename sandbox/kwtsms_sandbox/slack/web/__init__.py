"""Slack's Web API, method by method, behind one door."""
