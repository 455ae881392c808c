#!/bin/sh
# Builds the image without a registry of images: on Debian 12, as root, with buildah, debootstrap, and Node 20 or later with npm.
#
#   apt-get install buildah debootstrap
#   sh deploy/docker/build-on-debian.sh            # the image `gavel`
#   sh deploy/docker/build-on-debian.sh --check    # also starts a server of it and asks it whether it is ready
#
# The two images that the Dockerfile begins with are made here: Debian from its packages, and Debian with the Node of this machine.
# Only the image that builds also trusts the certificates of this machine, so that npm passes its proxy.
set -eu
cd "$(dirname "$0")/../.."
FOLDER=$(mktemp -d)
CONTAINER=
clean_up() {
  [ -z "$CONTAINER" ] || buildah rm "$CONTAINER" > /dev/null
  rm -rf "$FOLDER"
}
trap clean_up EXIT

# Runs a command, and prints its output only if it fails.
run_quietly() {
  "$@" > "$FOLDER/log" 2>&1 || { cat "$FOLDER/log"; exit 1; }
}

# Commits a folder as an image, with further settings.
commit_folder() {
  folder=$1 image=$2
  shift 2
  CONTAINER=$(buildah from scratch)
  buildah add --quiet "$CONTAINER" "$folder" / > /dev/null
  [ $# -eq 0 ] || buildah config "$@" "$CONTAINER"
  buildah commit --quiet --rm "$CONTAINER" "$image" > /dev/null
  CONTAINER=
}

echo 'Debian ...'
run_quietly debootstrap --variant=minbase --include=ca-certificates bookworm "$FOLDER/debian"
rm -rf "$FOLDER/debian/var/cache/apt" "$FOLDER/debian/var/lib/apt/lists"
commit_folder "$FOLDER/debian" gavel-debian

echo 'Debian with Node ...'
NPM=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
install -D "$(node -p process.execPath)" "$FOLDER/debian/usr/local/bin/node"
mkdir -p "$FOLDER/debian/usr/local/lib/node_modules"
cp -r "$NPM" "$FOLDER/debian/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$FOLDER/debian/usr/local/bin/npm"
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
cp "$CERTIFICATES" "$FOLDER/debian$CERTIFICATES"
commit_folder "$FOLDER/debian" gavel-debian-node --env NODE_EXTRA_CA_CERTS=$CERTIFICATES

echo 'Gavel ...'
run_quietly buildah build --isolation chroot --tag gavel --file deploy/docker/Dockerfile \
  --build-arg BUILD_IMAGE=localhost/gavel-debian-node --build-arg RUN_IMAGE=localhost/gavel-debian .
buildah images gavel

[ "${1:-}" = --check ] || exit 0
echo 'A server of the image ...'
CONTAINER=$(buildah from --pull-never gavel)
ROOT=$(buildah mount "$CONTAINER")
USER_ID=$(buildah inspect --format '{{.OCIv1.Config.User}}' "$CONTAINER")
# As the compose file does: the image's user, a file system that is not written to, and a volume for the data.
unshare --mount sh -eu -c '
  mount --bind "$1" "$1"
  mount -o remount,ro,bind "$1"
  mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
  mount -t tmpfs -o "uid=${2%:*},gid=${2#*:},mode=0700" tmpfs "$1/var/lib/gavel"
  mount -t proc proc "$1/proc"
  mount --bind /dev "$1/dev"
  exec chroot --userspec="$2" "$1" env -i PATH="$PATH" GAVEL_DATA_DIR=/var/lib/gavel HOME=/var/lib/gavel sh -c "
    cd /opt/gavel
    echo user \$(id -u):\$(id -g)
    if touch /opt/gavel/x 2> /dev/null; then echo the file system is written to; exit 1; fi
    node_modules/.bin/node packages/server/src/main.js --dev --port 17700 > /tmp/log 2>&1 &
    server=\$!
    for try in \$(seq 60); do
      sleep 1
      for path in healthz readyz; do
        node_modules/.bin/node -e \"fetch('\''http://127.0.0.1:17700/\$path'\'').then(async (r) => console.log('\''\$path'\'', r.status, await r.text()), () => process.exit(1))\" || continue 2
      done
      kill \$server
      wait \$server && exit 0
    done
    cat /tmp/log
    exit 1"
' sh "$ROOT" "$USER_ID"
buildah umount "$CONTAINER" > /dev/null
