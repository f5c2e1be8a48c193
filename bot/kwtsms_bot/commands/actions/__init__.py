"""The buttons on previews and cards."""
