# One image for every service of docker-compose.yaml, from the same lock as everything else.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    PYTHONPATH=/opt/tieout/plugins:/opt/tieout/include/airflow:/opt/tieout \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/tieout/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/tieout/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False

WORKDIR /opt/tieout
COPY requirements.txt .
RUN pip install --no-cache-dir uv \
 && uv pip install --system --no-cache --compile-bytecode -r requirements.txt \
 && useradd --create-home --uid 50000 airflow \
 && mkdir -p /opt/airflow/logs /opt/airflow/passwords /var/lib/tieout /var/lib/s3 \
 && chown -R airflow /opt/airflow /var/lib/tieout /var/lib/s3
COPY dags dags
COPY plugins plugins
COPY include include
COPY simulator simulator
COPY demo demo
USER airflow
