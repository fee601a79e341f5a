# The images of docker-compose.yaml. `tieout` is what production runs: the pipeline and nothing that only tests or the demo use.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1
COPY requirements-uv.txt /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements-uv.txt \
 && useradd --create-home --uid 50000 airflow

FROM base AS s3
COPY requirements-s3.txt /tmp/
RUN uv pip install --system --no-cache --require-hashes -r /tmp/requirements-s3.txt \
 && apt-get update && apt-get install -y --no-install-recommends socat && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /var/lib/s3 && chown airflow /var/lib/s3
USER airflow

FROM base AS tieout
ENV AIRFLOW_HOME=/opt/airflow \
    PYTHONPATH=/opt/tieout/plugins:/opt/tieout/include/airflow:/opt/tieout \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/tieout/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/tieout/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
WORKDIR /opt/tieout
COPY requirements-production.txt .
RUN uv pip install --system --no-cache --compile-bytecode --require-hashes -r requirements-production.txt \
 && mkdir -p /opt/airflow/logs /var/lib/tieout \
 && chown -R airflow /opt/airflow /var/lib/tieout
COPY dags dags
COPY plugins plugins
COPY include include
USER airflow

FROM tieout AS simulated
USER root
COPY requirements.txt .
RUN uv pip install --system --no-cache --require-hashes -r requirements.txt
COPY simulator simulator
COPY demo demo
USER airflow
