"""`kwtsms-bridge bulk`: one text, or one for each row, to the numbers of a CSV file."""
