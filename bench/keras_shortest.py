"""The shortest honest Keras script for the job: train the CNN for one epoch on the 60,000 images, save it."""

import sys

import keras
from keras import layers
import numpy as np

folder, target, jit = sys.argv[1:]
x = np.fromfile(f"{folder}/train-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28, 1).astype("float32") / 255
y = np.fromfile(f"{folder}/train-labels-idx1-ubyte", np.uint8)[8:]

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit == "on"
)
model.fit(x, y, batch_size=128, epochs=1, verbose=2)
model.save(target)
