#!/bin/sh
# python-image.sh SUITE MIRROR: how large a trainer's image is in Python at the least, for docs/performance.md. Builds
# two on the Docker daemon (python-image.Dockerfile) with TensorFlow of the engine's version, trains a step in each,
# prints their sizes and removes them. E.g. `python-image.sh bookworm http://MIRROR/debian`, as apt's sources have it.
#
# Needs root, debootstrap, docker, strip, and a pip on this machine, which fetches the wheels for SUITE's Python.
set -eu
suite=$1 mirror=$2
here=$(dirname "$(readlink -f "$0")")
case $(uname -m) in aarch64) tensorflow=tensorflow ;; *) tensorflow=tensorflow-cpu ;; esac

work=$(mktemp -d)
built=
clean() {
  # shellcheck disable=SC2086
  if [ -n "$built" ]; then docker image rm --force $built >/dev/null; fi
  rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

echo "Making a base of $suite with Python…" >&2
unshare --mount debootstrap --variant=minbase --include=python3 "$suite" "$work/root" "$mirror" >"$work/log" 2>&1 ||
  { tail -5 "$work/log" >&2; exit 1; }
python=$(chroot "$work/root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
tar --create --one-file-system --directory "$work/root" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists \
  --exclude=./var/log --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man \
  --exclude=./usr/share/info --exclude=__pycache__ . | docker import - python-image:base >/dev/null
built=python-image:base

echo "Fetching the wheels for Python $python…" >&2
platforms=
for glibc in 2_17 2014 2_27 2_28 2_31 2_34; do platforms="$platforms --platform manylinux_${glibc}_$(uname -m)"; done
platforms="$platforms --platform manylinux2014_$(uname -m)"
# shellcheck disable=SC2086
python3 -m pip install --quiet --no-input --no-cache-dir --no-compile --disable-pip-version-check \
  --target "$work/context/packages" --only-binary :all: --python-version "$python" --implementation cp $platforms \
  "$tensorflow==2.21.0" keras==3.15.1 numpy==2.4.6
find "$work/context/packages" -name __pycache__ -prune -exec rm -rf {} +

# As little as still trains: no headers, tests, tools and other languages' parts, and libraries without symbols.
cp -r "$work/context/packages" "$work/context/lean"
cd "$work/context/lean"
rm -rf tensorflow/include clang pip setuptools wheel pygments tensorboard* bin
rm -rf h5py/tests numpy/tests numpy/*/tests
find . -name '*.pyi' -delete -o -name '*.lib' -delete -o -name '*.a' -delete -o -name '*.h' -delete
# Only TensorFlow's: strip damages libraries that the wheels of others have had patched.
find tensorflow -name '*.so*' -type f -exec strip --strip-unneeded {} +
cd "$work"

cat >context/collect.sh <<'COLLECT'
set -eu
packages=$1 root=$2
python=$(readlink -f "$(command -v python3)")
version=${python##*python}
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$python" "$root/usr/bin/python3"
cp -r "/usr/lib/python$version" "$root/usr/lib/"
rm -rf "$root/usr/lib/python$version/test" "$root/usr/lib/python$version/idlelib" \
  "$root/usr/lib/python$version/ensurepip" "$root/usr/lib/python$version/lib2to3" \
  "$root/usr/lib/python$version/pydoc_data" "$root/usr/lib/python$version/distutils"
find "$root" -name __pycache__ -prune -exec rm -rf {} +
{ echo "$python"; find "/usr/lib/python$version" "$packages" -name '*.so*' -type f; } | xargs ldd 2>/dev/null |
  sed -n -e 's/.*=> \(\/[^ ]*\) (.*/\1/p' -e 's/^[[:space:]]*\(\/[^ :]*\) (.*/\1/p' | sort -u |
  grep -v "^$packages/" | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
COLLECT
cp "$here/python-image.Dockerfile" context/Dockerfile

step='
import os, numpy
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow, keras
model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
loss = model.train_on_batch(numpy.ones((2, 28, 28, 1), "float32"), numpy.zeros(2))
print(f"TensorFlow {tensorflow.__version__}, Keras {keras.__version__}, loss {float(loss):.3f}")
'
for target in usual lean; do
  echo "Building the $target image…" >&2
  DOCKER_BUILDKIT=0 docker build --quiet --network none --build-arg BASE=python-image:base --target "$target" \
    --tag "python-image:$target" context >/dev/null 2>"$work/log" || { tail -5 "$work/log" >&2; exit 1; }
  built="python-image:$target $built"
  docker run --rm --network none --read-only --tmpfs /tmp "python-image:$target" -c "$step" >"$work/out" 2>"$work/log" ||
    { echo "The $target image does not train:" >&2; tail -5 "$work/log" >&2; exit 1; }
  bytes=$(docker image inspect --format '{{.Size}}' "python-image:$target")
  echo "$target: $((bytes / 1000000)) MB (Python $python, $(tail -1 "$work/out"))"
done
