"""The ledger as files for others' tools: one format a file, one listing of tables for all."""
