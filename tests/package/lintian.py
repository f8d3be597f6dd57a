"""lintian, Debian's checker of packages."""

import re
import subprocess
from pathlib import Path

#: Publishers are named by whoever publishes, and the changelog is signed by them.
NOT_YET = ("Maintainer", "changelog")
#: The name of that RTSP server is in one piece only where the compiler did not cut it up.
IN_SOME_BUILDS = "mismatched-override embedded-library liblivemedia"


def unexplained(package: Path) -> list[str]:
    """What it says of a package that no override in the package explains."""
    # What is misspelt inside of programs is beneath a warning, and takes longer to find than all the rest.
    levels = ["--fail-on", "none", "--display-level", ">=warning", "-X", "binaries/spelling"]
    done = subprocess.run(["lintian", *levels, str(package)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if re.match("[EW]: ", line)]
    return [line for line in told if IN_SOME_BUILDS not in line and not any(word in line for word in NOT_YET)]
