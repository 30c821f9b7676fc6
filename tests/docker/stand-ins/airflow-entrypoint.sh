#!/bin/bash
# As Airflow's own: commands of the system are run, anything else is one of Airflow's.
case ${1:-} in
  bash | sh | python | airflow) exec "$@" ;;
  celery) shift && exec airflow celery "$@" ;;
  *) exec airflow "$@" ;;
esac
