#!/bin/sh
# Everything that must hold: formatting, lint, types, boundaries, sizes, unit and integration tests, end to end.
set -eu
cd "$(dirname "$0")/.."
export NX_TUI=false NX_DAEMON=false
export BOT_BOTTLE_REQUIRE="${BOT_BOTTLE_REQUIRE-$([ "${CI:-}" = true ] && echo bubblewrap,git,curl,python,claude || true)}"

nx run-many -t build typecheck lint format boundaries sizes test --parallel=2 --outputStyle=static
# Alone on the machine: these start real bottles and must not compete with the rest for two cores.
nx run-many -t e2e --parallel=1 --outputStyle=static
