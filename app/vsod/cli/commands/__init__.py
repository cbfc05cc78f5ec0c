"""The commands of users: one module per group."""
