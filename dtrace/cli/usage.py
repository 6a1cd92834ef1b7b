"""Texts that only -V and wrong command lines print."""

from __future__ import annotations

# The version of D, as dtrace(8) numbers it, whose language and options this program follows.
D_VERSION = "2.0.7"

USAGE = """\
Usage: dtrace [-32|-64] [-CeFHlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]]
\t[-I path] [-L path] [-o output] [-p pid] [-s script] [-U name]
\t[-x opt[=val]] [-X a|c|s|t]
\t[--backend=emulated|kernel] [--kernel release] [--world file]

\t[-P provider [[ predicate ] action ]]
\t[-m [ provider: ] module [[ predicate ] action ]]
\t[-f [[ provider: ] module: ] func [[ predicate ] action ]]
\t[-n [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]
\t[-i probe-id [[ predicate ] action ]] [ args ... ]

\tpredicate -> '/' D-expression '/'
\t   action -> '{' D-statements '}'

\t-b  size of the trace buffer of each CPU
\t-c  run a command, trace until it ends
\t-C  run cpp(1) on scripts
\t-D  define a name for cpp
\t-e  compile, then stop
\t-f  trace or list the probes of a function
\t-F  indent output by function
\t-H  have cpp print the names of the files it includes
\t-i  trace or list a probe by number
\t-I  a folder where cpp looks for files
\t-l  list probes
\t-L  a folder of D libraries
\t-m  trace or list the probes of a module
\t-n  trace or list the probes of a name
\t-o  append output to a file
\t-p  trace a process, until it ends
\t-P  trace or list the probes of a provider
\t-q  print only what programs print
\t-s  run a D script
\t-S  print the generated code
\t-U  undefine a name for cpp
\t-V  print the version of D
\t-w  allow destructive actions
\t-x  set an option
\t-X  conformance of cpp: a, c, s or t
\t-Z  allow probe descriptions that match nothing

\t--backend  emulated (the default: needs no privileges, prints made-up events) or kernel
\t--kernel   the release to emulate
\t--world    what happens on the emulated machine
"""


def version_text(verbose: bool) -> str:
    """What -V prints."""
    text = f"dtrace: D {D_VERSION}\n"
    if verbose:
        from importlib.metadata import PackageNotFoundError, version

        try:
            text += f"This is dtrace-bpf {version('dtrace-bpf')}\n"
        except PackageNotFoundError:
            text += "This is dtrace-bpf, not installed\n"
    return text
