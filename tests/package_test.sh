#!/usr/bin/env bash
# Makes the Debian package of a build folder and looks at what is in it.
set -euo pipefail
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "package: $1" >&2; exit 1; }
expect() { [ -s "$folder/root/$1" ] || fail "$1 is not in it"; }

cpack -G DEB -B "$folder" --config "$build/CPackConfig.cmake" >"$folder/log" 2>&1 || { cat "$folder/log"; fail "cpack failed"; }
dpkg-deb -x "$folder"/*.deb "$folder/root"
for file in usr/bin/margrave usr/share/man/man1/margrave.1 usr/share/bash-completion/completions/margrave \
    usr/lib/systemd/system/margrave-watch.service usr/share/doc/margrave/README.md usr/share/doc/margrave/docs/watch.md; do
    expect "$file"
done
"$folder/root/usr/bin/margrave" --version | grep -q '^margrave ' || fail "the program does not run"
# What it is linked with is what it depends on.
depends=$(dpkg-deb -f "$folder"/*.deb Depends)
for library in libcurl4 libsqlite3-0 libsecp256k1 libc6 ca-certificates; do
    [[ "$depends" == *"$library"* ]] || fail "it does not depend on $library: $depends"
done

if ! command -v systemd-analyze >/dev/null; then
    echo "package: systemd-analyze is missing: the unit is not looked at"
    exit 0
fi
# Where the program lies here, and without the manual page that is not installed here.
unit="$folder/margrave-watch.service"
sed -e "s|/usr/bin/margrave|$folder/root/usr/bin/margrave|" -e '/^Documentation=/d' \
    "$folder/root/usr/lib/systemd/system/margrave-watch.service" >"$unit"
complaints=$(systemd-analyze verify --man=no "$unit" 2>&1) || fail "the unit is refused: $complaints"
[[ "$complaints" != *margrave-watch* ]] || fail "the unit: $complaints"
# 20 is an exposure of 2.0 of 10.
systemd-analyze security --offline=true --no-pager --threshold=20 "$unit" >/dev/null || fail "the service is exposed"
# With the system calls alone that the service has, it watches, and ends when asked.
if [ "$(uname -m)" = x86_64 ]; then
    cat >"$folder/watch.toml" <<'TOML'
[chains.nowhere]
chain_id = 31337
rpc = ["http://127.0.0.1:1"]
[[channels]]
name = "ops"
kind = "webhook"
url = "http://127.0.0.1:1/"
secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
TOML
    perl "$(dirname "$0")/under_filter.pl" "$unit" "$folder/root/usr/bin/margrave" watch \
        0x1111111111111111111111111111111111111111 --chain nowhere --config "$folder/watch.toml" \
        --store "$folder/watch.db" >"$folder/watch.log" 2>&1 &
    watch=$!
    for _ in $(seq 100); do
        grep -q 'could not be read' "$folder/watch.log" && break
        sleep 0.1
    done
    sleep 1 # for the threads of what takes long
    kill -TERM "$watch" 2>/dev/null || true
    wait "$watch" || { cat "$folder/watch.log"; fail "the service's filter of system calls ends it"; }
fi
