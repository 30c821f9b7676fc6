"""Trains the MNIST CNN with Keras from given weights, without dropout, and prints the loss of every step as JSON.

usage: keras_loss_curve.py WEIGHTS IMAGES LABELS STEPS BATCH_SIZE LEARNING_RATE

WEIGHTS  float32, little-endian: kernel and bias of each layer, one after the other
IMAGES   bytes, 28 x 28 an image; LABELS: bytes. Step i takes the i-th batch.
"""

import json
import sys

import keras
import numpy as np
from keras import layers

weights_path, images_path, labels_path = sys.argv[1:4]
steps, batch_size = int(sys.argv[4]), int(sys.argv[5])
learning_rate = float(sys.argv[6])

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
values = np.fromfile(weights_path, dtype="<f4")
weights = []
for weight in model.get_weights():
    weights.append(values[: weight.size].reshape(weight.shape))
    values = values[weight.size :]
assert values.size == 0, f"{values.size} values too many"
model.set_weights(weights)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate),
    loss="sparse_categorical_crossentropy",
    jit_compile=False,
)

images = np.fromfile(images_path, dtype=np.uint8).reshape(-1, 28, 28, 1)
labels = np.fromfile(labels_path, dtype=np.uint8).astype(np.int32)
losses = []
for step in range(steps):
    batch = slice(step * batch_size, (step + 1) * batch_size)
    x = images[batch].astype(np.float32) * np.float32(1 / 255)
    # Keras reports a running mean unless its metrics start anew.
    model.reset_metrics()
    losses.append(float(model.train_on_batch(x, labels[batch])))
print(json.dumps({"losses": losses, "keras": keras.__version__}))
