"""What the convolutions of the MNIST CNN cost alone: the five passes of one training step at batch 128, float32.

No program that trains this network with TensorFlow's kernels can be faster than their sum. Prints JSON: milliseconds
of each pass, the least of its rounds, since whatever disturbs a pass only makes it slower.
"""

import json
import sys
import time

import tensorflow as tf

BATCH, ROUNDS, CALLS = 128, 40, 4
threads = int(sys.argv[1])
tf.config.threading.set_intra_op_parallelism_threads(threads)

ops = tf.raw_ops
stride = dict(strides=[1, 1, 1, 1], padding="VALID")
image, first_kernel = tf.random.normal([BATCH, 28, 28, 1]), tf.random.normal([3, 3, 1, 32])
first_dy = tf.random.normal([BATCH, 26, 26, 32])
pooled, second_kernel = tf.random.normal([BATCH, 13, 13, 32]), tf.random.normal([3, 3, 32, 64])
second_dy = tf.random.normal([BATCH, 11, 11, 64])

PASSES = {
    "conv1 forward": lambda: ops.Conv2D(input=image, filter=first_kernel, **stride),
    "conv1 kernel gradient": lambda: ops.Conv2DBackpropFilter(
        input=image, filter_sizes=[3, 3, 1, 32], out_backprop=first_dy, **stride
    ),
    "conv2 forward": lambda: ops.Conv2D(input=pooled, filter=second_kernel, **stride),
    "conv2 input gradient": lambda: ops.Conv2DBackpropInput(
        input_sizes=[BATCH, 13, 13, 32], filter=second_kernel, out_backprop=second_dy, **stride
    ),
    "conv2 kernel gradient": lambda: ops.Conv2DBackpropFilter(
        input=pooled, filter_sizes=[3, 3, 32, 64], out_backprop=second_dy, **stride
    ),
}
functions = {name: tf.function(run) for name, run in PASSES.items()}
for function in functions.values():
    function()
least = dict.fromkeys(functions, float("inf"))
for _ in range(ROUNDS):
    for name, function in functions.items():
        start = time.perf_counter()
        for _ in range(CALLS):
            result = function()
        result.numpy()
        least[name] = min(least[name], (time.perf_counter() - start) / CALLS * 1000)
print(json.dumps({"batch": BATCH, "ms": least}))
