"""How pages are got and read."""
