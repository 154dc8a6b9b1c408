# Installs what ci/check.sh needs and this machine lacks, and says so. Sourced by it, from the
# repository's top directory.
#
# Programs come from Debian; libraries of the clients go below .cache/, at the versions that the
# repository's lock files name, and nowhere else. Running it again changes nothing.

cargo_deny_version=0.20.2

# What must be there for the whole check: a command and the Debian package that brings it.
debian_packages=(
  'cc gcc' 'c++ g++' 'git git' 'curl curl' 'jq jq' 'openssl openssl' 'xxd xxd' 'socat socat' 'ip iproute2'
  'python3 python3' 'php php-cli' 'javac default-jdk-headless' 'mvn maven' 'go golang-go'
  'node nodejs' 'npm npm' 'chromium chromium'
)

install_programs() {
  command -v cargo >/dev/null || { echo 'Rust is missing: see https://rustup.rs' >&2; return 1; }
  local entry missing=()
  for entry in "${debian_packages[@]}"; do
    command -v "${entry% *}" >/dev/null || missing+=("${entry#* }")
  done
  # For throw-away servers; Debian does not put their programs on the path.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
  # Debian ships Python without what `python3 -m venv` needs.
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  if ((${#missing[@]} == 0)); then
    echo 'programs: all there'
    return
  fi
  echo "programs: installing ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "no apt-get here: install what these Debian packages hold: ${missing[*]}" >&2
    return 1
  fi
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >.cache/apt.log ||
    { cat .cache/apt.log >&2; return 1; }
}

as_root() {
  if (($(id -u) == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -n "$@"
  else
    echo "this needs root and there is no sudo: $*" >&2
    return 1
  fi
}

# is_fresh STAMP FILE...: whether STAMP was written for these very files.
is_fresh() {
  local stamp=$1
  shift
  [[ -f $stamp && $(<"$stamp") == "$(sha256sum "$@")" ]]
}

# The clients', the chain tests' and the schema check's Python libraries share one environment.
install_python() {
  local lists=(clients/python/requirements.txt ci/schemathesis/requirements.txt) list flags=()
  local chain_tests=crates/devnet/tests/clients/tronpy/requirements.txt
  [[ -f $chain_tests ]] && lists+=("$chain_tests")
  is_fresh .cache/venv/installed "${lists[@]}" && return
  echo "python: installing $(cat "${lists[@]}" | tr '\n' ' ')"
  for list in "${lists[@]}"; do
    flags+=(--requirement "$list")
  done
  rm -rf .cache/venv
  python3 -m venv .cache/venv
  .cache/venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --cache-dir .cache/pip "${flags[@]}"
  sha256sum "${lists[@]}" >.cache/venv/installed
}

# install_node FROM INTO: the packages that FROM/package-lock.json names, into INTO/node_modules.
install_node() {
  local from=$1 into=$2
  is_fresh "$into/installed" "$from/package.json" "$from/package-lock.json" && return
  echo "node: installing what $from/package-lock.json names"
  rm -rf "$into"
  mkdir -p "$into"
  cp "$from/package.json" "$from/package-lock.json" "$into"
  (cd "$into" &&
    npm ci --silent --ignore-scripts --no-audit --no-fund --cache "$OLDPWD/.cache/npm")
  sha256sum "$from/package.json" "$from/package-lock.json" >"$into/installed"
}

install_java() {
  is_fresh .cache/java/installed clients/java/pom.xml && return
  echo 'java: installing what clients/java/pom.xml names'
  rm -rf .cache/java
  mvn --batch-mode --quiet --file clients/java/pom.xml "-Dmaven.repo.local=$PWD/.cache/maven" \
    dependency:copy-dependencies "-DoutputDirectory=$PWD/.cache/java"
  sha256sum clients/java/pom.xml >.cache/java/installed
}

install_go() {
  is_fresh .cache/go/installed clients/seed/go/go.mod clients/seed/go/go.sum && return
  echo 'go: installing what clients/seed/go/go.sum names'
  (cd clients/seed/go &&
    GOMODCACHE="$OLDPWD/.cache/go/mod" GOFLAGS=-modcacherw GOTOOLCHAIN=local go mod download)
  sha256sum clients/seed/go/go.mod clients/seed/go/go.sum >.cache/go/installed
}

install_cargo_deny() {
  export PATH="$PWD/.cache/cargo/bin:$PATH"
  command -v cargo-deny >/dev/null && return
  echo "cargo-deny: building version $cargo_deny_version, this takes minutes"
  cargo install --quiet --locked --root .cache/cargo --version "$cargo_deny_version" cargo-deny
}

install_all() {
  mkdir -p .cache/go
  install_programs
  install_python
  install_node clients/node .cache/node
  install_node ci/console .cache/console
  local chain_tests=crates/devnet/tests/clients/tronweb
  if [[ -f $chain_tests/package-lock.json ]]; then
    install_node "$chain_tests" .cache/tronweb
  fi
  install_java
  install_go
  echo 'libraries: all there'
}
