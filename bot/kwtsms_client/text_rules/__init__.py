"""The rules for texts: which characters and tags go, what joins, and which blanks remain."""
