#!/usr/bin/env bash
# Makes sure that what the project needs is installed: ./preparar.sh [demo|test|medir]
#   (nothing)  uv, and the Python packages of uv.lock in .venv
#   demo       also a browser and fonts
#   test       also PostgreSQL, RabbitMQ and Prometheus, as programs: no service is started; and Node
#   medir      also, in .venv-medir, what benchmarks/ compares with; and a full Chromium
# Idempotent: with nothing missing it only looks, and says nothing.
set -euo pipefail
cd "$(dirname "$0")"
AQUI=$(pwd -P)
MARCA=.venv/.preparado
POLITICA=/usr/sbin/policy-rc.d
FIRMA='# consultas: preparar.sh'

decir() { printf '• %s\n' "$*"; }
fallar() { printf '✗ %s\n' "$*" >&2; exit 1; }
hay() { command -v "$1" >/dev/null 2>&1; }
puede_instalar() { hay apt-get && { [ "$(id -u)" = 0 ] || hay sudo; }; }

como_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# --- Debian's packages ---------------------------------------------------------------------------

quitar_politica() {
    if [ -f "$POLITICA" ] && grep -qF "$FIRMA" "$POLITICA"; then como_root rm -f "$POLITICA"; fi
}

# While this file says 101, installing a server does not start it. One that was there already is respected.
poner_politica() {
    trap quitar_politica EXIT
    if [ ! -e "$POLITICA" ]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$FIRMA" | como_root tee "$POLITICA" >/dev/null
        como_root chmod 755 "$POLITICA"
    fi
}

# What was just installed for the tests must not start with the next boot either.
no_arrancar_solos() {
    local unidad
    hay systemctl || return 0
    for unidad in "$@"; do
        como_root systemctl disable "$unidad" >/dev/null 2>&1 || true
    done
}

instalar() { # $1: what for; the rest: packages
    local motivo=$1
    shift
    hay apt-get || fallar "Falta $motivo y este sistema no tiene apt-get: hay que instalar a mano lo que en Debian es: $*."
    puede_instalar || fallar "Falta $motivo: hay que correr, como root, «apt-get update && apt-get install $*»."
    local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -o DPkg::Lock::Timeout=300)
    decir "Instalo $motivo, de los paquetes de Debian: $*"
    if [ -z "${LISTAS_AL_DIA:-}" ]; then
        decir "Actualizo las listas de paquetes (apt-get update)"
        como_root "${apt[@]}" -q update || fallar "No pude actualizar las listas de Debian (apt-get update): hay que revisar la red y /etc/apt."
        LISTAS_AL_DIA=1
    fi
    poner_politica
    como_root "${apt[@]}" -q install --no-install-recommends "$@" ||
        fallar "No pude instalar $*: hay que revisar la red y las fuentes de apt (el motivo está arriba) y repetir la orden."
    quitar_politica
}

# --- Python --------------------------------------------------------------------------------------

# The uv on the PATH if it runs, else one of our own in .venv-uv.
buscar_uv() {
    if hay uv && uv --version >/dev/null 2>&1; then
        UV=uv
    elif [ -x .venv-uv/bin/uv ] && .venv-uv/bin/uv --version >/dev/null 2>&1; then
        UV=$AQUI/.venv-uv/bin/uv
    else
        instalar_uv
    fi
}

# A venv where Debian has one; else pip --target, which an externally managed Python (PEP 668) also allows.
instalar_uv() {
    rm -rf .venv-uv
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null && ! python3 -m pip --version >/dev/null 2>&1; then
        instalar "venv y pip de Python" python3-venv python3-pip
    fi
    decir "Instalo uv en .venv-uv (desde PyPI)"
    if python3 -c 'import ensurepip, venv' 2>/dev/null; then
        python3 -m venv .venv-uv && .venv-uv/bin/python -m pip install --disable-pip-version-check -q uv
    else
        python3 -m pip install --disable-pip-version-check -q --target .venv-uv uv
    fi || fallar "No pude instalar uv desde PyPI: hay que revisar la red, o instalar uv y dejarlo en el PATH."
    echo '*' >.venv-uv/.gitignore
    UV=$AQUI/.venv-uv/bin/uv
}

# The scripts of a venv name their folder: one that was copied along with the project is made anew.
quitar_venv_ajeno() {
    if [ -f .venv/bin/dramatiq ] && ! grep -qF "$AQUI/.venv/" .venv/bin/dramatiq; then
        decir "El .venv que hay es de otra carpeta: lo hago de nuevo"
        rm -rf .venv
    fi
}

preparar_python() {
    local ahora
    ahora=$(sha256sum pyproject.toml uv.lock)
    quitar_venv_ajeno
    if [ "$(cat "$MARCA" 2>/dev/null)" = "$ahora" ] && .venv/bin/python -ISc '' 2>/dev/null; then return; fi
    hay python3 || instalar "Python" python3 python3-venv
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fallar "Hace falta Python 3.11 o más nuevo, y python3 es $(python3 -V 2>&1)."
    buscar_uv
    decir "Instalo las dependencias de Python en .venv (uv sync --locked)"
    export UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never
    unset VIRTUAL_ENV
    "$UV" sync --locked --python "$(command -v python3)" || fallar "No pude instalar las dependencias de uv.lock: el motivo está arriba; si fue la red, basta con repetir la orden."
    printf '%s\n' "$ahora" >"$MARCA"
}

# As root the embedded PostgreSQL runs as a user of its own. Each process that finds none adds one, and of several at
# once the last to do so changes the number under which the others have begun.
preparar_usuario() {
    if [ "$(id -u)" != 0 ] || id pgserver >/dev/null 2>&1; then return; fi
    useradd --system --shell /usr/sbin/nologin pgserver ||
        fallar "No pude crear el usuario pgserver, con el que root corre PostgreSQL: el motivo está arriba."
}

# --- The rest ------------------------------------------------------------------------------------

hay_navegador() {
    local nombre
    for nombre in chromium-headless-shell chromium google-chrome google-chrome-stable; do
        if hay "$nombre"; then return 0; fi
    done
    return 1
}

preparar_navegador() {
    local faltan=()
    if [ -n "${CHROMIUM_PATH:-}" ]; then
        [ -x "$CHROMIUM_PATH" ] || fallar "CHROMIUM_PATH dice $CHROMIUM_PATH y ahí no hay un programa: hay que corregirla o quitarla."
    elif ! hay_navegador; then
        faltan+=(chromium-headless-shell)
    fi
    if [ -z "$(find -L /usr/share/fonts /usr/local/share/fonts -name 'Liberation*' -print -quit 2>/dev/null)" ]; then
        if [ ${#faltan[@]} -gt 0 ] || puede_instalar; then faltan+=(fonts-liberation); fi
    fi
    if [ ${#faltan[@]} -gt 0 ]; then instalar "el navegador y sus letras" "${faltan[@]}"; fi
}

preparar_servidores() {
    local faltan=() unidades=()
    if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
        faltan+=(postgresql)
        unidades+=(postgresql.service)
    fi
    if [ ! -e /usr/lib/rabbitmq/bin/rabbitmq-server ]; then
        faltan+=(rabbitmq-server)
        unidades+=(rabbitmq-server.service epmd.service epmd.socket)
    fi
    hay systemd-analyze || faltan+=(systemd)
    if [ ! -e /usr/sbin/pgbouncer ]; then
        faltan+=(pgbouncer)
        unidades+=(pgbouncer.service)
    fi
    if [ ! -e /usr/bin/promtool ]; then
        faltan+=(prometheus)
        unidades+=(prometheus.service)
    fi
    if [ ${#faltan[@]} -gt 0 ]; then
        instalar "los servidores de las pruebas" "${faltan[@]}"
        no_arrancar_solos "${unidades[@]}"
    fi
}

preparar_node() {
    local faltan=() carpeta
    hay node || faltan+=(nodejs)
    hay npm || faltan+=(npm)
    if [ ${#faltan[@]} -gt 0 ]; then instalar "Node, que recibe los callbacks de las pruebas" "${faltan[@]}"; fi
    for carpeta in tests/node examples/nextjs; do preparar_paquetes "$carpeta"; done
}

preparar_paquetes() { # $1: a folder with a package-lock.json
    local marca=$1/node_modules/.preparado ahora
    ahora=$(sha256sum "$1/package-lock.json")
    if [ "$(cat "$marca" 2>/dev/null)" = "$ahora" ]; then return; fi
    decir "Instalo los paquetes de Node de $1 (npm ci)"
    npm --prefix "$1" ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
        fallar "No pude instalar $1/package-lock.json: hay que revisar la red y repetir la orden."
    printf '%s\n' "$ahora" >"$marca"
}

# What the benchmarks compare with: its own environment, as the service needs none of it.
preparar_rivales() {
    hay chromium || instalar "el Chromium completo que abría el servicio anterior" chromium
    buscar_uv
    UV_PROJECT_ENVIRONMENT=.venv-medir UV_PYTHON_DOWNLOADS=never "$UV" sync --locked --quiet --group benchmarks --python "$(command -v python3)" ||
        fallar "No pude instalar lo que se compara: el motivo está arriba; si fue la red, basta con repetir la orden."
}

case ${1:-} in
    '' | demo | test | medir)
        preparar_usuario
        preparar_python
        ;;
    *) fallar "No conozco «$1»: se usa ./preparar.sh, o ./preparar.sh con demo, test o medir." ;;
esac
if [ -n "${1:-}" ]; then preparar_navegador; fi
case ${1:-} in
    test)
        preparar_servidores
        preparar_node
        ;;
    medir)
        preparar_servidores
        preparar_rivales
        ;;
esac
