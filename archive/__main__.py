"""`python -m archive verify|restore`: what an archive proves, where nothing else is installed that could fetch."""

from archive.cli import main

main()
