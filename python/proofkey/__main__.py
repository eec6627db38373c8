"""`python -m proofkey`, and the script `proofkey`."""

import sys

from proofkey._cli import main

if __name__ == "__main__":
    sys.exit(main())
