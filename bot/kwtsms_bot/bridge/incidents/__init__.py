"""Rules about incidents: which alerts they are made of. Pure."""
