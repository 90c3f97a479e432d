#!/bin/sh
# Everything that must hold: formatting, lint, types, boundaries, sizes, unit and integration tests, end to end.
set -eu
cd "$(dirname "$0")/.."
export NX_TUI=false NX_DAEMON=false
# Programs whose tests fail instead of being skipped when they are missing. gitleaks has to be built with go, so a
# machine without both cannot have it.
required=bubblewrap,git,curl,python,claude,codex,gemini,sshd
PATH="$PATH:/usr/sbin:/sbin:/usr/local/go/bin"
if command -v go >/dev/null 2>&1 || command -v gitleaks >/dev/null 2>&1; then required="$required,gitleaks"; fi
# An engine needs rights that not every machine gives; tools/engine.sh has said why when there is none.
if sh tools/engine.sh status 2>/dev/null; then required="$required,docker"; fi
[ "${CI:-}" = true ] || required=""
export BOT_BOTTLE_REQUIRE="${BOT_BOTTLE_REQUIRE-$required}"
case ",$BOT_BOTTLE_REQUIRE," in
  *,gitleaks,*) ;;
  *) [ -x .cache/programs/bin/gitleaks ] || echo "test: gitleaks is missing: its tests are skipped" >&2 ;;
esac

nx run-many -t build typecheck lint format boundaries sizes test --parallel=2 --outputStyle=static
# Alone on the machine: these start real bottles and must not compete with the rest for two cores.
nx run-many -t e2e --parallel=1 --outputStyle=static
