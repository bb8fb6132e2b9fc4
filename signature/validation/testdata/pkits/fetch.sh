#!/bin/sh
# Fetches the 173 CRLs of NIST PKITS again, from the Python package that publishes them, into crls/ beside this script.
set -eu
version=50.0.2
sum=51641f03a3eb4edbe9fb68e3a3574d25f86aa502d06391fffa886330d02778a0
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip download --quiet --no-deps --only-binary :all: --dest "$work" "cryptography-vectors==$version"
wheel="$work/cryptography_vectors-$version-py3-none-any.whl"
echo "$sum  $wheel" | sha256sum --check --quiet
mkdir -p "$here/crls"
unzip -q -o -j "$wheel" 'cryptography_vectors/x509/PKITS_data/crls/*.crl' -d "$here/crls"
ls "$here/crls" | wc -l
