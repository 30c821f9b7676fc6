"""Names that Airflow 3 and 2 have in different places. 2.8 has no provider `standard` yet."""

from __future__ import annotations

try:
    from airflow.sdk import DAG, Param
except ImportError:
    from airflow import DAG
    from airflow.models.param import Param

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:
    from airflow.exceptions import AirflowFailException

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow.operators.bash import BashOperator
    from airflow.operators.python import PythonOperator

__all__ = ["AirflowFailException", "BashOperator", "DAG", "Param", "PythonOperator"]
