"""`python -m fanlight` is the command line."""

from fanlight.cli import main

if __name__ == "__main__":
    main()
