#!/usr/bin/env python3
"""The command line: `python pipeline.py all` trains, executes and renders everything that is missing."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import Any, NoReturn

from kerascnn.commands.verbs import declare_all
from kerascnn.commands.verbs.options import Verbs, add_options, check_options
from kerascnn.commands.verbs.parser import Parser
from kerascnn.errors import EXIT_TERMINATED, KerascnnError, StoreError
from kerascnn.framework import pin_environment
from kerascnn.ownership.scratch import settle_home
from kerascnn.places import settle_variables
from kerascnn.spelling import printable
from kerascnn.surroundings.terminal import lost_output, settle_streams

EXAMPLES = """\
examples:
  python pipeline.py all                          every experiment, quick profile, best data there are
  python pipeline.py all --data ../my/cifar10     the same on your data
  python pipeline.py plan                         what `all` would train, and how long that takes
  python pipeline.py run sigmoid                  one experiment, by any unique beginning of its name
  python pipeline.py run glorot_vs_he -p depths='[8, 14]'
  python pipeline.py all --profile smoke --only 03 04
  python pipeline.py why glorot_vs_he             what differs from the stored runs
  python pipeline.py forget glorot_vs_he -p depths='[8, 14]'   a run with -p: its page, result and runs
  python pipeline.py new tanh_vs_relu             write the notebook of an experiment of your own
  python pipeline.py store                        size and contents of the store
  python pipeline.py serve --open                 the report in a browser; it reloads when it changes

exit codes:
  0 done   2 wrong usage   3 data   4 notebook   5 store or reports folder
  6 done, but a run or a notebook failed (the report shows it)   75 terminated   130 interrupted
"""


def build_parser() -> Parser:
    """The whole command line."""
    options = argparse.ArgumentParser(add_help=False)
    add_options(options, argparse.SUPPRESS)
    parser = Parser(
        prog="pipeline.py",
        description="Check the claims of a CNN lesson: train, execute notebooks, render an HTML report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser, None)
    declare_all(Verbs(parser.add_subparsers(dest="verb", metavar="VERB", required=True), options))
    return parser


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    settle_streams()
    try:
        code = _carry_out(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads this, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError:
        lost = lost_output()
        if lost is None:
            raise
        print(f"pipeline.py: The output cannot be written: {lost}. Send it elsewhere.", file=sys.stderr)
        return StoreError.exit_code
    except KerascnnError as err:
        print(f"pipeline.py: {printable(str(err))}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("pipeline.py: interrupted. Every finished run is kept; the same command goes on.", file=sys.stderr)
        return 130


def _carry_out(arguments: list[str]) -> int:
    given = build_parser().parse(arguments)
    check_options(given)
    pin_environment()  # here too: a process started from this one reads some variables before it runs any code
    settle_variables()
    notice = settle_home()
    if notice and given.takes_data:
        print(notice, file=sys.stderr)
    return given.handler(given)


def _terminated(signal_number: int, frame: Any) -> NoReturn:
    print("pipeline.py: terminated. Every finished run is kept; the same command goes on.", file=sys.stderr)
    raise SystemExit(EXIT_TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)  # planning may be stopped too; training has its own way to stop
    sys.exit(main(sys.argv[1:]))
