"""Tables and the few ways in and out of them; the same statements on SQLite and PostgreSQL."""
