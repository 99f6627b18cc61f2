"""What is kept, said and proved: captures, their log, and the ledger drawn from them."""

__version__ = "0.1.0"
