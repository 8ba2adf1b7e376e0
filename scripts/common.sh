# What the scripts in this folder share. Sourced, not run.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
script_started=$SECONDS
step_started=$SECONDS
step_name=""

# "42 s", "3 min 07 s"
duration() {
  if [ "$1" -lt 60 ]; then
    printf '%d s' "$1"
  else
    printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
  fi
}

end_step() {
  [ -z "$step_name" ] || printf '   (%s: %s)\n' "$step_name" "$(duration $((SECONDS - step_started)))"
  step_name=""
}

# Starts a step: prints its heading, after the time the step before it took.
step() {
  end_step
  step_name=$1
  step_started=$SECONDS
  printf '\n== %s\n' "$1"
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}

# What ccache asks for to keep compilations with precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros

# Configures a preset. Compilations are kept in ccache where it is installed.
configure() {
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake --preset "$@" ${launcher[@]+"${launcher[@]}"} -Wno-dev --log-level=NOTICE >/dev/null
}
