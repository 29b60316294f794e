"""What stands between the network and the handlers: API keys and their limits, headers, hosts, deadlines."""
