# One image for every process of the Procfile: `docker run IMAGE worker` runs its line `worker`.

FROM python:3.11-slim-bookworm AS dependencias
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell fonts-liberation \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 consultas
WORKDIR /app
COPY --from=dependencias /app/.venv .venv
COPY . .
# Docker's default seccomp profile refuses the namespaces of Chromium's own sandbox, which is then off: the container
# is the sandbox. Where the runtime allows them, it is on by itself.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER consultas
EXPOSE 8000
ENTRYPOINT ["/bin/sh", "-c", "linea=$(sed -n \"s/^$0: //p\" Procfile); [ -n \"$linea\" ] || { echo \"El Procfile no tiene un proceso llamado $0.\" >&2; exit 64; }; eval \"$linea\""]
CMD ["web"]
