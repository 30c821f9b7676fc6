#!/bin/sh
# collect-rootfs.sh ENGINE ROOTFS: what the trainer's image needs of its base, in two folders of ROOTFS: `system`
# (Node, the libraries that it and the engine's binding are linked with, the user) and `owned` (what belongs to the
# user). Runs in Dockerfile.trainer's first stage.
set -eu
engine=$1
system=$2/system
owned=$2/owned

node=$(command -v node) || { echo "the base image has no node" >&2; exit 1; }
version=$("$node" --version)
# Labels are made of what the base image says of itself.
if [ -n "${NODE_VERSION:-}" ] && [ "$version" != "v$NODE_VERSION" ]; then
  echo "the base image says that its Node is $NODE_VERSION, and it is $version" >&2
  exit 1
fi

mkdir -p "$system/usr/local/bin" "$system/etc" "$owned/in" "$owned/out"
cp -L "$node" "$system/usr/local/bin/node"

# The loader and every library by the path at which it was found. TensorFlow's own are in the engine's folder.
libraries() {
  ldd "$@" | sed -n -e 's/.*=> \(\/[^ ]*\) (.*/\1/p' -e 's/^[[:space:]]*\(\/[^ :]*\) (.*/\1/p'
}
found=$(libraries "$node" "$engine"/*.node | sort -u)
# TensorFlow is linked with these parts of the C library, which the binding alone may not be.
folder=$(dirname "$(echo "$found" | grep '/libc\.so\.')")
for name in libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libresolv.so.2; do
  if [ -e "$folder/$name" ]; then found="$found $folder/$name"; fi
done
# An engine for GPUs: cuDNN is linked with zlib, and the NVIDIA Container Toolkit looks for this file to know where
# such a system has its libraries.
if [ -e "$engine/session_config.node" ]; then
  zlib=$(find "$folder" "/usr$folder" -name libz.so.1 2>/dev/null | head -n 1)
  [ -n "$zlib" ] || { echo "the base image has no libz.so.1, which cuDNN needs" >&2; exit 1; }
  found="$found $zlib"
  if [ -e /etc/debian_version ]; then cp /etc/debian_version "$system/etc/"; fi
fi
for library in $found; do
  mkdir -p "$system$(dirname "$library")"
  cp -L "$library" "$system$library"
done

echo 'root:x:0:0:root:/:/nonexistent' >"$system/etc/passwd"
echo 'runner:x:10001:10001:runner:/tmp:/nonexistent' >>"$system/etc/passwd"
printf 'root:x:0:\nrunner:x:10001:\n' >"$system/etc/group"
mkdir -m 1777 "$system/tmp"
