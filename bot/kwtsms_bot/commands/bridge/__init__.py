"""Commands about alerts of other tools: what is open, who takes it, and the tools themselves."""
