#!/bin/sh
# A Docker engine for tests, images and benchmarks: sh tools/engine.sh [start|stop|status]
# start uses the engine that answers (DOCKER_HOST, or the socket). Where none does, as root on Debian and Ubuntu, it
# installs and starts one; its pid file and log are below .cache/engine. stop ends only an engine that start started.
# Exit code 1: there is no engine, and why.
set -eu
cd "$(dirname "$0")/.."
action="${1:-start}"
home="$PWD/.cache/engine"
pid_file="$home/dockerd.pid"
log="$home/dockerd.log"
packages="docker.io iptables debootstrap debian-archive-keyring"
start_seconds=60
stop_seconds=30
PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"

say() { printf 'engine: %s\n' "$*" >&2; }
pause() { sleep 0.2 2>/dev/null || sleep 1; }

answers() {
  command -v docker >/dev/null 2>&1 &&
    engine_version="$(timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null)" &&
    [ -n "$engine_version" ]
}

# The pid of the engine that was started here, if it still runs. A pid alone may be somebody else's by now.
own_pid() {
  pid="$(cat "$pid_file" 2>/dev/null || true)"
  case "$pid" in '' | *[!0-9]*) return 1 ;; esac
  [ "$(cat "/proc/$pid/comm" 2>/dev/null || true)" = dockerd ] &&
    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$pid_file" && printf '%s' "$pid"
}

need_root() {
  say "$1"
  say "start one with: sudo sh tools/engine.sh start"
  say "(it needs: sudo apt-get install --yes --no-install-recommends $packages)"
  exit 1
}

install_packages() {
  if command -v dockerd >/dev/null 2>&1 && command -v docker >/dev/null 2>&1 &&
    command -v iptables >/dev/null 2>&1 && command -v debootstrap >/dev/null 2>&1; then
    return
  fi
  if ! command -v apt-get >/dev/null 2>&1; then
    say "there is no engine, and no apt-get to install one with: install Docker 20.10 or newer"
    exit 1
  fi
  say "installing: $packages"
  mkdir -p "$home"
  # shellcheck disable=SC2086
  if ! { apt-get update --quiet --quiet &&
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --quiet --quiet $packages; } \
    >"$home/install.log" 2>&1; then
    tail -n 5 "$home/install.log" >&2
    say "the packages could not be installed; see $home/install.log"
    exit 1
  fi
}

# A running engine says nothing of a registry; without one a base image is made with debootstrap.
add_debootstrap() {
  if [ "$(id -u)" != 0 ] || command -v debootstrap >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    return
  fi
  say "installing: debootstrap debian-archive-keyring"
  { apt-get update --quiet --quiet &&
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --quiet --quiet \
      debootstrap debian-archive-keyring; } \
    >/dev/null 2>&1 || say "debootstrap could not be installed: without a registry no image can be built"
}

start_engine() {
  mkdir -p "$home"
  : >"$log"
  # In a session of its own: an interrupted set-up must not take the engine of a running test with it.
  setsid dockerd --host unix:///var/run/docker.sock --pidfile "$pid_file" >"$log" 2>&1 </dev/null &
  started=$!
  deadline=$(($(date +%s) + start_seconds))
  while ! answers; do
    if ! kill -0 "$started" 2>/dev/null; then
      tail -n 5 "$log" >&2
      say "dockerd ended at once; see $log"
      exit 1
    fi
    if [ "$(date +%s)" -ge "$deadline" ]; then
      kill "$started" 2>/dev/null || true
      tail -n 5 "$log" >&2
      say "dockerd does not answer after $start_seconds s; see $log"
      exit 1
    fi
    pause
  done
}

case "$action" in
  start)
    if answers; then
      say "using the running engine $engine_version"
      add_debootstrap
      exit 0
    fi
    if [ -n "${DOCKER_HOST:-}" ]; then
      say "nothing answers at DOCKER_HOST: unset it to use or start an engine of this machine"
      exit 1
    fi
    [ "$(uname -s)" = Linux ] || { say "no engine answers: start Docker Desktop or another one"; exit 1; }
    if [ "$(id -u)" != 0 ]; then
      if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
        say "an engine may run, but this user may not use it: sudo usermod --append --groups docker $(id -un)"
      fi
      need_root "no engine answers, and only root can start one"
    fi
    install_packages
    # The package itself starts it where an init system runs.
    tries=0
    while [ "$tries" -lt 10 ] && [ -d /run/systemd/system ] && ! answers; do tries=$((tries + 1)); pause; done
    if answers; then
      say "the system started engine $engine_version"
      exit 0
    fi
    start_engine
    say "started engine $engine_version; stop it with: sh tools/engine.sh stop"
    ;;
  stop)
    if ! pid="$(own_pid)"; then
      say "there is no engine that was started here"
      exit 0
    fi
    kill "$pid"
    deadline=$(($(date +%s) + stop_seconds))
    while kill -0 "$pid" 2>/dev/null; do
      if [ "$(date +%s)" -ge "$deadline" ]; then
        say "it does not end after $stop_seconds s, killing it"
        kill -KILL "$pid" 2>/dev/null || true
        break
      fi
      pause
    done
    rm -f "$pid_file"
    say "stopped"
    ;;
  status)
    if answers; then
      if own_pid >/dev/null; then by="started here"; else by="not started here"; fi
      say "engine $engine_version answers, $by"
    else
      say "no engine answers"
      exit 1
    fi
    ;;
  *)
    say "unknown action \"$action\": start, stop or status"
    exit 2
    ;;
esac
