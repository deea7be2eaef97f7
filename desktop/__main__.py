"""`python -m desktop` opens the window."""

import gc
import sys

if __name__ == "__main__":
    gc.disable()  # nothing is garbage while the program starts; desktop/app.py collects later
    from desktop.app import main

    sys.exit(main())
