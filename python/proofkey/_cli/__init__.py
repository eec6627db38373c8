"""The command line. `parser.py` has its texts, from which docs/cli.md is made, too."""

import os
import sys
from collections.abc import Sequence

import proofkey
from proofkey._cli import exits
from proofkey._cli.parser import parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command, and returns the exit status of the process."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except exits.Refused as refused:
        return exits.failed(str(refused), exits.FAILED)
    except proofkey.Error as error:
        return exits.failed(str(error), exits.of(error))
    except BrokenPipeError:
        # Whoever read the output has what they wanted. Python would complain again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FAILED
    except OSError as error:
        return exits.failed(str(error), exits.FAILED)
    except KeyboardInterrupt:
        return exits.failed("interrupted", exits.INTERRUPTED)
