"""When it happens: the plan, the daemon, the alarms, and the front door."""
