# Sourced by the test scripts. `need TOOL WHAT` asks for a tool that a person may lack: without it WHAT is left out and
# listed at the end of `make test`; under CI=true its absence is a failure.
need() {
    command -v "$1" >/dev/null 2>&1 && return 0
    echo "$1: $2" >>"${MISSING:-/dev/null}"
    [ "${CI:-}" != true ] && return 1
    echo "under CI every tool must be there, and $1 is not ($2)" >&2
    exit 1
}

# need_header HEADER WHAT: the same for a header of C.
need_header() {
    echo "#include <$1>" | cc -E - >/dev/null 2>&1 && return 0
    echo "$1: $2" >>"${MISSING:-/dev/null}"
    [ "${CI:-}" != true ] && return 1
    echo "under CI every header must be there, and $1 is not ($2)" >&2
    exit 1
}
