"""Prints as JSON what a SavedModel predicts. usage: serve_saved_model.py FOLDER INPUTS

INPUTS  JSON: {name: {"dtype", "shape", "values"}}
"""

import json
import sys

import numpy as np
import tensorflow as tf

folder, inputs_path = sys.argv[1:]
with open(inputs_path) as file:
    inputs = json.load(file)
serve = tf.saved_model.load(folder).signatures["serving_default"]
outputs = serve(
    **{
        name: tf.constant(np.array(given["values"], given["dtype"]).reshape(given["shape"]))
        for name, given in inputs.items()
    }
)
print(json.dumps({name: output.numpy().ravel().tolist() for name, output in outputs.items()}))
