"""`python -m builder` is `proofdeck`."""

import sys

from builder.cli import main

sys.exit(main())
