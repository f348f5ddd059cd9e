"""A directory file by its name: .xlsx is a workbook, everything else YAML."""

from __future__ import annotations

from pathlib import Path

from gridbot.grid.directory import Directory
from gridbot.grid.directory_yaml import read_yaml_file, write_yaml


def read_directory(file: Path) -> Directory:
    """Raises DirectoryError, whose sentences name row and field."""
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        from gridbot.grid.directory_xlsx import read_xlsx

        return read_xlsx(file)
    return read_yaml_file(file)


def write_directory(directory: Directory, file: Path) -> None:
    """Raises OSError."""
    if file.suffix.lower() == ".xlsx":
        from gridbot.grid.directory_xlsx import write_xlsx

        write_xlsx(directory, file)
    else:
        file.write_text(write_yaml(directory), encoding="utf-8")
