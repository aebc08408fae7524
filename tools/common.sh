# SPDX-License-Identifier: Apache-2.0
# What the tools share. To be sourced; needs ROOT, the top of the checkout.

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Print the newest Python on the PATH that the project supports.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    die "Python 3.11 or later is needed: apt-get install python3 python3-venv"
}

# Make a virtual environment, or bring it up to date, from requirement files.
# Usage: make_venv DIRECTORY PIP-ARGUMENT...
make_venv() {
    local venv=$1 stamp python
    shift
    stamp=$(cd "$ROOT" && cat setup.cfg ./*requirements.txt doc/requirements.txt \
        tools/common.sh | sha256sum)
    stamp="$stamp $*"
    if [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    python=$(find_python)
    say "installing into ${venv#"$ROOT"/}"
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        [ "$(id -u)" = 0 ] || die "python3-venv is missing: install it as root"
        apt-get install -y -q --no-install-recommends python3-venv >/dev/null
    fi
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install -q --upgrade pip setuptools wheel pbr
    (cd "$ROOT" && "$venv/bin/python" -m pip install -q "$@")
    printf '%s' "$stamp" >"$venv/.stamp"
}

# Make the environment of the project itself, with what its tests need.
make_project_venv() {
    make_venv "$ROOT/.venv" -r requirements.txt -r test-requirements.txt \
        --no-build-isolation -e .
    PATH="$ROOT/.venv/bin:$PATH"
    export PATH
}
