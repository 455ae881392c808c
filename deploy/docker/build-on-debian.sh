#!/bin/sh
# Builds the image without a registry of images: on Debian 12, as root, with buildah, debootstrap and Node 20 or later.
#
#   apt-get install buildah debootstrap
#   sh deploy/docker/build-on-debian.sh            # the image `gavel`
#   sh deploy/docker/build-on-debian.sh --check    # also starts a server of it, as the image's user, and asks it whether it is ready
#
# The two images that the Dockerfile begins with are made here: Debian from its packages, and Debian with the Node of this machine.
set -eu
cd "$(dirname "$0")/../.."
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT

# Commits a folder as an image.
commit_folder() {
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$1" / > /dev/null
  buildah commit --quiet --rm "$container" "$2" > /dev/null
}

echo 'Debian ...'
debootstrap --variant=minbase --include=ca-certificates bookworm "$FOLDER/debian" > "$FOLDER/log" 2>&1 || { cat "$FOLDER/log"; exit 1; }
rm -rf "$FOLDER/debian/var/cache/apt" "$FOLDER/debian/var/lib/apt/lists"
commit_folder "$FOLDER/debian" gavel-debian

echo 'Debian with Node ...'
NODE=$(node -p process.execPath)
NPM=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
install -D "$NODE" "$FOLDER/debian/usr/local/bin/node"
mkdir -p "$FOLDER/debian/usr/local/lib/node_modules"
cp -r "$NPM" "$FOLDER/debian/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$FOLDER/debian/usr/local/bin/npm"
commit_folder "$FOLDER/debian" gavel-debian-node

echo 'Gavel ...'
buildah build --isolation chroot --quiet --tag gavel --file deploy/docker/Dockerfile \
  --build-arg BUILD_IMAGE=localhost/gavel-debian-node --build-arg RUN_IMAGE=localhost/gavel-debian . > "$FOLDER/log" 2>&1 ||
  { cat "$FOLDER/log"; exit 1; }
buildah images gavel

[ "${1:-}" = --check ] || exit 0
echo 'A server of the image ...'
container=$(buildah from --pull-never gavel)
trap 'buildah rm "$container" > /dev/null; rm -rf "$FOLDER"' EXIT
timeout 60 buildah run --isolation chroot --env GAVEL_DATA_DIR=/var/lib/gavel "$container" -- sh -c '
  id -u
  ./node_modules/.bin/node packages/server/src/main.js --dev --port 17700 > /tmp/log 2>&1 &
  for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 1
    if ./node_modules/.bin/node -e "fetch(\"http://127.0.0.1:17700/readyz\").then(async (r) => console.log(r.status, await r.text()), () => process.exit(1))"
    then kill $!; exit 0; fi
  done
  cat /tmp/log
  exit 1'
