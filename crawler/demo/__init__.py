"""A small court web of our own, served on loopback; tests and `crawl demo` share it."""
