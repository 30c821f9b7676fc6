"""MNIST from the IDX files, and the CNN of src/jobs/mnist-cnn/model.ts, for every Python peer."""

import os

import numpy as np


def load(folder, part="train"):
    """Images [count, 28, 28, 1] and labels [count], both uint8."""
    images = np.fromfile(os.path.join(folder, f"{part}-images-idx3-ubyte"), np.uint8)[16:]
    labels = np.fromfile(os.path.join(folder, f"{part}-labels-idx1-ubyte"), np.uint8)[8:]
    return images.reshape(-1, 28, 28, 1), labels


def build_keras_cnn(from_bytes=False):
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1), dtype="uint8" if from_bytes else "float32"),
            *([layers.Rescaling(1 / 255)] if from_bytes else []),
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
