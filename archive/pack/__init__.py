"""What is handed to a stranger who is to check one case without us? The evidence pack, as docs/pack.md has it.

case       which captures and records of the archive the case needs
logged     the part of the log that vouches for them: checkpoint, proofs, stamps
told       what the ledger says of the case, and the report on each of its values
files      the pack as files, and the list of them
place      the pack as a folder or a zip, whole or not at all
README.txt how to check it with a shell; the same in every pack
"""
