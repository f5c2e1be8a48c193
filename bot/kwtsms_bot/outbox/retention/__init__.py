"""Erasure of texts, numbers and metadata, by time or at a person's request."""
