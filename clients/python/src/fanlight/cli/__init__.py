"""The command line `fanlight`, for people at a terminal. Its packages come with `fanlight[cli]`."""

from __future__ import annotations

import sys

from fanlight.errors import FanlightError


def main() -> None:
    """Run it; errors are told in a sentence, not as a traceback."""
    try:
        from fanlight.cli.app import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        sys.exit("The command line needs two more packages: pip install 'fanlight[cli]'")
    try:
        app(prog_name="fanlight")
    except FanlightError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
