#!/bin/sh
# The S3 of SeaweedFS with two identities. Without any, SeaweedFS lets everybody in.
set -eu
for name in S3_ADMIN_ACCESS_KEY S3_ADMIN_SECRET_KEY S3_MLFLOW_ACCESS_KEY S3_MLFLOW_SECRET_KEY; do
  eval "value=\$$name"
  case $value in
    '' | *[!A-Za-z0-9+/=_-]*)
      echo "$name must be of letters, digits and + / = _ -, and not empty" >&2
      exit 1
      ;;
  esac
done
umask 077
cat >/tmp/s3.json <<JSON
{
  "identities": [
    {
      "name": "admin",
      "credentials": [{ "accessKey": "$S3_ADMIN_ACCESS_KEY", "secretKey": "$S3_ADMIN_SECRET_KEY" }],
      "actions": ["Admin", "Read", "Write", "List", "Tagging"]
    },
    {
      "name": "mlflow",
      "credentials": [{ "accessKey": "$S3_MLFLOW_ACCESS_KEY", "secretKey": "$S3_MLFLOW_SECRET_KEY" }],
      "actions": ["Read:mlflow", "Write:mlflow", "List:mlflow", "Tagging:mlflow"]
    }
  ]
}
JSON
exec weed s3 -filer=seaweedfs-filer:8888 -ip.bind=0.0.0.0 -port=8333 -config=/tmp/s3.json
