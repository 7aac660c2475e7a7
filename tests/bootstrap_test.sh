#!/usr/bin/env bash
# What ./bootstrap builds for each of its commands: only who tests waits for the tests.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$1/bootstrap" "$folder"
mkdir -p "$folder/bin" "$folder/build/release"

# Every program that it would run, as one that writes down how it was called; nothing is missing.
for program in cmake ctest node npm apt-get build/release/margrave; do
    file="$folder/bin/$program"
    [[ "$program" == */* ]] && file="$folder/$program"
    printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\n' "${program##*/}" "$folder" >"$file"
    chmod +x "$file"
done
printf '#!/bin/sh\necho "install ok installed"\n' >"$folder/bin/dpkg-query"
chmod +x "$folder/bin/dpkg-query"

expect() { # COMMAND CALLS
    rm -f "$folder/calls"
    PATH="$folder/bin:$PATH" "$folder/bootstrap" "$1" >/dev/null
    calls=$(grep -E '^(cmake --(preset|build)|ctest|margrave|apt-get)' "$folder/calls" | sed 's/ --test-dir.*//')
    [ "$calls" = "$2" ] || { echo "bootstrap $1 did: $calls" >&2; exit 1; }
}
configure='cmake --preset release'
build='cmake --build --preset release'
expect build "$configure
$build --target margrave"
expect demo "$configure
$build --target margrave
margrave demo"
expect test "$configure
$build
ctest"
expect bench "$configure
$build --target margrave_bench"
