"""`python -m orderloom.cli` is `orderloom`."""

import sys

from orderloom.cli.main import main

sys.exit(main())
