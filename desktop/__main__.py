"""`python -m desktop` opens the window."""

import sys

if __name__ == "__main__":
    from desktop.app import main

    sys.exit(main())
