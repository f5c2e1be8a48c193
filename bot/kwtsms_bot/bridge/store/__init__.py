"""The bridge's stores; each uses short transactions and awaits nothing but the database in them."""
