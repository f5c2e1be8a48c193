"""The bot in English and Arabic."""
