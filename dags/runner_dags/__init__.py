"""What the DAGs of `runner` share. Standard library and Airflow alone: what trains is a program of its own."""
