"""What MLflow itself makes of a record: the document that is its argument, one on standard output."""

import json
import sys

from mlflow.data.dataset_source_registry import get_dataset_source_from_json
from mlflow.data.schema import TensorDatasetSchema
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.validation import (
    MAX_DATASET_DIGEST_SIZE,
    MAX_PARAM_VAL_LENGTH,
    MAX_TAG_VAL_LENGTH,
    _validate_metric,
    _validate_param,
    _validate_tag,
)


def takes(key):
    """Whether the server takes the key of a metric, a parameter and a tag."""
    try:
        _validate_metric(key, 1.0, 0, 0)
        _validate_param(key, "value")
        _validate_tag(key, "value")
    except MlflowException:
        return False
    return True


def tensors(schema):
    return [
        {"name": spec.name, "dtype": str(spec.type), "shape": list(spec.shape)} for spec in schema.inputs
    ]


def read_dataset(dataset):
    schema = TensorDatasetSchema.from_dict(json.loads(dataset["schema"]))
    source = get_dataset_source_from_json(dataset["source"], dataset["sourceType"])
    return {"features": tensors(schema.features), "targets": tensors(schema.targets), "uri": source.uri}


asked = json.loads(sys.argv[1])
model = Model.load(asked["model"])
answer = {
    "keys": [takes(key) for key in asked["keys"]],
    "limits": {"digest": MAX_DATASET_DIGEST_SIZE, "param": MAX_PARAM_VAL_LENGTH, "tag": MAX_TAG_VAL_LENGTH},
    "datasets": [read_dataset(dataset) for dataset in asked["datasets"]],
    "model": {
        "inputs": tensors(model.signature.inputs),
        "outputs": tensors(model.signature.outputs),
        "flavors": model.flavors,
        "run_id": model.run_id,
        "model_id": model.model_id,
        "mlflow_version": model.mlflow_version,
        "model_size_bytes": model.model_size_bytes,
    },
}
json.dump(answer, sys.stdout)
