"""Many alerts at once, as monitoring tools post them in a bad hour, for any endpoint."""
