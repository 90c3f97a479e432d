#!/bin/sh
# Makes a fresh machine ready: sh tools/setup.sh [demo|test|bench]
# Needs Node.js 18 or newer and npm to start with; everything else comes from here.
# As root it installs missing system packages; otherwise it prints the exact command and stops.
set -eu
cd "$(dirname "$0")/.."
purpose="${1:-demo}"

say() { printf 'setup: %s\n' "$*" >&2; }

# program:package pairs; the demo has an SSH remote of its own, so it needs no server
wanted="bwrap:bubblewrap git:git ssh:openssh-client"
case "$purpose" in
  demo) ;;
  test) wanted="$wanted sshd:openssh-server curl:curl python3:python3 openssl:openssl ss:iproute2 gcc:gcc" ;;
  bench) wanted="$wanted sshd:openssh-server curl:curl python3:python3 mitmdump:mitmproxy squid:squid-openssl openssl:openssl socat:socat rg:ripgrep" ;;
  *) say "unknown purpose \"$purpose\": demo, test or bench"; exit 2 ;;
esac

PATH="$PATH:/usr/sbin:/sbin"
missing=""
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
# The system's own: a bottle shows no other.
if [ "$purpose" = test ] && ! /usr/bin/python3 -c 'import requests' >/dev/null 2>&1; then
  missing="$missing python3-requests"
fi
if [ -n "$missing" ]; then
  install="apt-get install --yes --no-install-recommends$missing"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing system packages:$missing"
    apt-get update --quiet --quiet
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $install --quiet --quiet >/dev/null
  else
    say "system packages are missing:$missing"
    say "install them with: sudo $install"
    case "$missing" in *openssh-server*)
      say "only its program is used; where that starts a server: sudo systemctl disable --now ssh" ;;
    esac
    exit 1
  fi
fi

# Tests and benchmarks of containers need a Docker engine; a machine that cannot have one goes without.
engine=no
if [ "$purpose" != demo ]; then
  if sh tools/engine.sh start; then engine=yes; else say "there is no Docker engine: its tests are skipped"; fi
fi

lock="$(cksum < package-lock.json)"
if [ "$(cat node_modules/.bot-bottle-lock 2>/dev/null || true)" != "$lock" ]; then
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s' "$lock" > node_modules/.bot-bottle-lock
fi

PATH="$PWD/node_modules/.bin:$PATH"
major="$(node -p 'process.versions.node.split(".")[0]')"
if [ "$major" -lt 24 ]; then
  say "Node.js 24 is needed to build, this is $(node --version) and no prebuilt one is packaged for this system."
  say "Install Node.js 24 and run the command again."
  exit 1
fi

# The real agent programs for the end-to-end tests; without one its tests are skipped, or fail where it is required.
for name in claude codex gemini; do
  package="$(node -p "require('./images/versions.json').$name.package")"
  version="$(node -p "require('./images/versions.json').$name.version")"
  stamp=".cache/programs/$name-version"
  if [ "$purpose" = test ] && [ "$(cat "$stamp" 2>/dev/null || true)" != "$version" ]; then
    say "installing $package $version for the end-to-end tests"
    mkdir -p .cache/programs
    [ -f .cache/programs/package.json ] || printf '{ "private": true }\n' > .cache/programs/package.json
    if npm install --prefix .cache/programs --save-exact --no-audit --no-fund --loglevel=error "$package@$version"; then
      printf '%s' "$version" > "$stamp"
    else
      say "$package could not be installed: its tests are skipped"
    fi
  fi
done

# The real gitleaks, which is no package of Debian 12; without it its tests are skipped, or fail where it is required.
gitleaks_version="$(node -p "require('./images/versions.json').gitleaks.version")"
gitleaks_stamp=.cache/programs/gitleaks-version
if [ "$purpose" != demo ] && [ "$(cat "$gitleaks_stamp" 2>/dev/null || true)" != "$gitleaks_version" ]; then
  PATH="$PATH:/usr/local/go/bin"
  if ! command -v go >/dev/null 2>&1; then
    say "gitleaks is not built, there is no go: its tests are skipped unless it is on the PATH"
  else
    say "building gitleaks $gitleaks_version for the tests of the git gate"
    mkdir -p .cache/programs/bin
    # Without C: the same file then works in every image.
    if GOBIN="$PWD/.cache/programs/bin" CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' \
      "github.com/zricethezav/gitleaks/v8@$gitleaks_version"; then
      printf '%s' "$gitleaks_version" > "$gitleaks_stamp"
    else
      say "gitleaks could not be built: its tests are skipped"
    fi
  fi
fi

# The oldest git that the gate serves: a package of Debian 11, unpacked and not installed.
old_git=.cache/programs/git-2.30
old_git_package=pool/main/g/git/git_2.30.2-1+deb11u2_amd64.deb
old_git_sum=ddc8eb5da311dbf0ecfe4bd4da5f539aeecec22865828538b5c86039af2eca8c
if [ "$purpose" = test ] && [ ! -x "$old_git/usr/bin/git" ] && [ "$(uname -m)" = x86_64 ]; then
  site="$(apt-get indextargets --format '$(SITE)' 2>/dev/null | sort -u | grep -v security | head -n 1 || true)"
  package="$(mktemp)"
  if [ -n "$site" ] && curl -fsSL -m 120 -o "$package" "$site/$old_git_package" &&
    echo "$old_git_sum  $package" | sha256sum --check --quiet - && mkdir -p "$old_git" &&
    dpkg-deb -x "$package" "$old_git"; then
    say "unpacked git 2.30 for the tests of the git gate"
  else
    say "git 2.30 could not be had: its tests are skipped"
  fi
  rm -f "$package"
fi

export NX_TUI=false NX_DAEMON=false
say "building"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! nx run-many -t build --outputStyle=static >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi

if [ "$engine" = yes ]; then
  say "building the images that are missing"
  nx run images:images --outputStyle=static >"$log" 2>&1 || {
    grep '^images: ' "$log" >&2 || tail -n 5 "$log" >&2
    say "the images could not be built: their tests fail"
  }
fi
