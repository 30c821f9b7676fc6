#!/bin/sh
# make-env.sh: writes .env beside it out of .env.example, with random secrets. Never over one that is there.
set -eu
cd "$(dirname -- "$0")"
if [ -e .env ]; then
  echo "compose/.env is there already, and stays as it is" >&2
  exit 1
fi
umask 077
trap 'rm -f .env.new' EXIT
uid=$(id -u)
# Airflow does not run as root.
if [ "$uid" -eq 0 ]; then uid=50000; fi
secret() {
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'
}
while IFS= read -r line; do
  case $line in
    AIRFLOW_UID=*) echo "AIRFLOW_UID=$uid" ;;
    # 32 bytes in the letters that an address may have.
    AIRFLOW_FERNET_KEY=) echo "AIRFLOW_FERNET_KEY=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')" ;;
    [A-Z]*=) echo "$line$(secret)" ;;
    *) echo "$line" ;;
  esac
done <.env.example >.env.new
mv .env.new .env
echo "compose/.env is written; Airflow's password is the value of AIRFLOW_ADMIN_PASSWORD"
