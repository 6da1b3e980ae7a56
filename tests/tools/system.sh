#!/bin/sh
# Programs of the operating system that only the tests use: shellcheck for ansible-test, a browser for the report's page.
# Without root or apt they stay away, and what needs them says that it was skipped.
set -u

missing=""
command -v shellcheck >/dev/null 2>&1 || missing="$missing shellcheck"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v chromedriver >/dev/null 2>&1 || missing="$missing chromium-driver"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "system: not installed, and this is no Debian with root:$missing; the tests that need them are skipped"
    exit 0
fi
echo "system: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1
for package in $missing; do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
        echo "system: $package could not be installed; the tests that need it are skipped"
done
