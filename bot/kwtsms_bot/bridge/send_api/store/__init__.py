"""The send API in the database: accepted messages, remembered answers, budgets."""
