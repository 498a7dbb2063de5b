"""What an operator sees of a running server: metrics, logs, budgets. No framework, no sockets."""
