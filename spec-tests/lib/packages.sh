# SPDX-License-Identifier: Apache-2.0
#
# Which Debian packages the project needs, and how the missing ones are installed.  Sourced.

# Building the program.
build_packages=(g++ cmake ninja-build pkg-config nlohmann-json3-dev libseccomp-dev libcap-dev
  libfmt-dev)
# Building and running the tests.
test_packages=(catch2 libdbus-1-dev busybox-static iproute2 util-linux procps git)
# Engines above the runtime, and the runtimes beside it: spec-tests/clients.
client_packages=(busybox-static podman conmon catatonit uidmap containerd docker.io tini crun runc bsdutils
  iproute2 python3-grpcio python3-protobuf protobuf-compiler)
# Reading the code.
lint_packages=(clang-format clang-tidy)

# say TEXT...: what is being done.
say() { printf '== %s\n' "$*"; }

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_missing PACKAGE...: asks apt only for what is not there.
install_missing() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: see that these are installed: $*" >&2
    return 0
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${missing[*]}" >&2
  # The lists of a fresh image are empty or old.
  apt_install "${missing[@]}" >/dev/null 2>&1 && return 0
  apt-get update -q >&2 && apt_install "${missing[@]}" >&2
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" </dev/null
}
