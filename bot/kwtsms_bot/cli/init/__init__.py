"""`kwtsms-bridge init`: asks what a setup needs, checks each answer, and writes the files."""
