# The API; also the worker of the queue webhooks, which needs neither ffmpeg nor models either.
# From the repository's root: docker build -f deploy/docker/api.Dockerfile -t posequeue-api .
ARG PYTHON=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY deploy/docker/subset.py pyproject.toml requirements.lock ./
# the environment gets what the API needs, the build tool stays in this stage; all with hashes
RUN python subset.py requirements.lock pyproject.toml --extra otel > api.txt \
 && python subset.py requirements.lock pyproject.toml --only setuptools > tools.txt \
 && python -m venv --without-pip /opt/posequeue \
 && pip --python /opt/posequeue/bin/python install --require-hashes --only-binary=:all: -r api.txt \
 && pip install --require-hashes --only-binary=:all: -r tools.txt
COPY README.md ./
COPY worker worker
COPY api api
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/posequeue/bin/python install --no-deps wheels/*.whl

FROM ${PYTHON}
# /tmp is the only place written to: mount a tmpfs there and the root file system read-only
ENV PATH=/opt/posequeue/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    POSEQUEUE_API_HOST=0.0.0.0
COPY --from=build /opt/posequeue /opt/posequeue
COPY deploy/docker/alive.py /opt/posequeue/alive.py
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
# the first process itself gets the signal: SIGTERM ends requests and streams in order
STOPSIGNAL SIGTERM
ENTRYPOINT ["posequeue"]
CMD ["api"]
