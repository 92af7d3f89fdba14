"""The only way in: a private HTTP API through which clients ask the supervisor. Decides nothing about units."""
