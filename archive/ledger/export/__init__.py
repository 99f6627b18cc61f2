"""The ledger and its captures in the forms that other tools open."""
