"""What boto3 finds in a bucket below a prefix: {"objects": {key: sha256}, "uploads": [key of each unfinished one]}."""

import hashlib
import json
import sys

import boto3
from botocore.config import Config

endpoint, bucket, prefix = sys.argv[1:]
client = boto3.client(
    "s3",
    endpoint_url=endpoint,
    aws_access_key_id="admin",
    aws_secret_access_key="admin-secret",
    region_name="us-east-1",
    config=Config(s3={"addressing_style": "path"}),
)
objects = {}
for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for entry in page.get("Contents", []):
        answer = client.get_object(Bucket=bucket, Key=entry["Key"])
        digest = hashlib.sha256()
        for chunk in answer["Body"].iter_chunks(1 << 20):
            digest.update(chunk)
        objects[entry["Key"][len(prefix) :]] = {
            "sha256": digest.hexdigest(),
            "contentType": answer["ContentType"],
            "metadata": answer["Metadata"],
        }
uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=prefix).get("Uploads", [])
print(json.dumps({"objects": objects, "uploads": [upload["Key"][len(prefix) :] for upload in uploads]}))
