"""Placeholder until branch proof lands."""

import typer

app = typer.Typer()
