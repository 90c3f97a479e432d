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

# Real bottles, without the rest beside them: two at a time are enough for two cores. apps/cli-e2e/lanes.ts says which of
# its files those are.
second=""
trap '[ -z "$second" ] || kill "$second" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

# Runs two targets at once and to their ends; what the second one prints is shown when it has ended.
at_once() {
  log="$(mktemp)"
  status=0
  nx run "$2" --outputStyle=static >"$log" 2>&1 &
  second=$!
  nx run "$1" --outputStyle=static || status=1
  wait "$second" || status=1
  second=""
  cat "$log"
  rm -f "$log"
  return "$status"
}

failed=0
at_once cli-e2e:e2e-one cli-e2e:e2e-two || failed=1
at_once cli-e2e:e2e-alone images:e2e || failed=1
exit "$failed"
