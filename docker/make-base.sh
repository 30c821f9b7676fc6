#!/bin/sh
# make-base.sh FOLDER NODE SUITE MIRROR [KEYRING]: a base image out of Debian (or Ubuntu) packages and a Node binary of
# this machine, for where no registry can be reached. Needs root and debootstrap. Leaves FOLDER/base.tar, for
#   docker import --change 'ENV NODE_VERSION=…' --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' base.tar NAME
set -eu
folder=$1 node=$2 suite=$3 mirror=$4 keyring=${5:-}

# debootstrap mounts file systems below FOLDER: in namespaces of its own they go with it, whatever kills it.
if [ -z "${RUNNER_IN_NAMESPACE:-}" ]; then
  export RUNNER_IN_NAMESPACE=1
  exec unshare --mount --pid --fork --kill-child /bin/sh "$0" "$@"
fi

root=$folder/root
debootstrap --variant=minbase ${keyring:+--keyring="$keyring"} "$suite" "$root" "$mirror"
mkdir -p "$root/usr/local/bin"
cp -L "$node" "$root/usr/local/bin/node"
# A Node that is linked with libraries of this machine alone is of no use there.
chroot "$root" /usr/local/bin/node --version
tar --create --one-file-system --numeric-owner --directory "$root" --file "$folder/base.tar" \
  --exclude=./var/cache/apt --exclude=./var/lib/apt/lists --exclude=./var/log --exclude=./usr/share/doc \
  --exclude=./usr/share/locale --exclude=./usr/share/man --exclude=./usr/share/info .
rm -rf --one-file-system "$root"
