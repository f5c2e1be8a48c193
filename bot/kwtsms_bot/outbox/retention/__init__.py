"""What is erased, and when: texts, numbers, metadata."""
