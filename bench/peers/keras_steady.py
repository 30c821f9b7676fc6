"""Steady training throughput of Keras 3 in the way that is asked for; prints one JSON document.

Each epoch is timed from its begin to its end by a callback that does nothing else, so neither the set-up of `fit` nor
the first epoch, which compiles, counts.
"""

import argparse
import json
import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from mnist import build_keras_cnn, load  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--jit", choices=["on", "off"], required=True)
parser.add_argument("--input", choices=["numpy", "bytes", "tensor", "dataset"], required=True)
parser.add_argument("--steps-per-execution", type=int, default=1)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--images", type=int, default=54_000)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

tf.config.threading.set_intra_op_parallelism_threads(options.threads)
keras.utils.set_random_seed(options.seed)
images, labels = load(options.data)
images, labels = images[: options.images], labels[: options.images]
count = len(images)


class EpochTimes(keras.callbacks.Callback):
    seconds = []
    cpu_seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()
        self.cpu_start = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        self.cpu_seconds.append(time.process_time() - self.cpu_start)


def scaled():
    return images.astype("float32") / 255, labels.astype("int32")


def training_data():
    """What `fit` is given: it shuffles arrays and tensors itself, all of them anew each epoch."""
    if options.input == "numpy":
        x, y = scaled()
        return {"x": x, "y": y, "batch_size": 128}
    if options.input == "bytes":
        return {"x": images, "y": labels, "batch_size": 128}
    if options.input == "tensor":
        x, y = scaled()
        return {"x": tf.constant(x), "y": tf.constant(y), "batch_size": 128}
    dataset = tf.data.Dataset.from_tensor_slices((images, labels.astype("int32"))).cache().shuffle(count)
    scale = lambda x, y: (tf.cast(x, tf.float32) / 255, y)  # noqa: E731
    return {"x": dataset.batch(128).map(scale, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)}


model = build_keras_cnn(from_bytes=options.input == "bytes")
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
    jit_compile=options.jit == "on",
    steps_per_execution=options.steps_per_execution,
)
times = EpochTimes()
history = model.fit(**training_data(), epochs=options.epochs, verbose=0, callbacks=[times])
steady = times.seconds[1:]
json.dump(
    {
        "imagesPerSecond": count * len(steady) / sum(steady),
        "epochSeconds": times.seconds,
        "epochCpuSeconds": times.cpu_seconds,
        "loss": history.history["loss"],
        "accuracy": history.history["accuracy"],
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
    },
    sys.stdout,
)
print()
