# Every task by one word; "make" lists them. GO is the Go command, PROJECT the
# name of the stack's containers and volumes, STACK the stack that "up" starts,
# NAME the name of the API key that "key" creates. compose/README.md names the
# variables for ports and addresses.

GO ?= go
PROJECT ?= trip2g
STACK ?= litefs
export GO PROJECT STACK NAME BACKUP

SHELL := /bin/sh

.PHONY: help
help: ## List these tasks
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: run
run: trip2g ## One node on this machine, no container
	@exec sh tools/run.sh

.PHONY: build
build: trip2g litefs compose ## All binaries, into bin/
	@:

.PHONY: up
up: trip2g compose ## Build what changed, start the stack (STACK=litefs, shared or single)
	@image=$$(sh docker/image.sh) && exec sh compose/up.sh "$$image"

.PHONY: down
down: compose ## Stop the stack, keep its data
	@COMPOSE_PROGRESS=quiet sh compose/compose.sh down --remove-orphans

.PHONY: clean
clean: ## Remove the stack, its data, its images and tmp/
	@exec sh compose/clean.sh

.PHONY: key
key: compose ## Create an API key on the running stack and print it: make key NAME=laptop SCOPE=read,publish
	@exec sh compose/key.sh

.PHONY: restore
restore: ## Restore a backup into the running LiteFS stack: make restore BACKUP=backup.sqlite3
	@exec sh compose/restore.sh

.PHONY: logs
logs: compose ## Follow the logs of the running stack
	@exec sh compose/compose.sh logs --follow --tail 100

.PHONY: ps
ps: compose ## Show the containers of the running stack
	@exec sh compose/compose.sh ps --all

.PHONY: test
test: lint unit e2e ## Everything that has to pass: lint, unit, e2e

.PHONY: unit
unit: trip2g litefs ## The tests of the packages, with the race detector
	@sh tools/deps.sh cc git fusermount3 wrk bash curl
	$(GO) test -race -timeout 10m trip2g/bench/... trip2g/internal/... trip2g/services/trip2g/...

.PHONY: e2e
e2e: compose ## The suite that drives the stacks from outside (RUN=TestName: a part of it)
	@exec sh tools/e2e.sh $(if $(RUN),-run '$(RUN)')

.PHONY: bench
bench: trip2g litefs ## Measure this machine's nodes beside nginx and net/http, into docs/benchmarks.md
	@exec sh tools/bench.sh

.PHONY: profile
profile: trip2g litefs ## Show where a replica's time and memory go under load
	@exec sh tools/profile.sh

.PHONY: lint
lint: bin/staticcheck bin/actionlint bin/govulncheck ## Formatting, Go, shell, workflows, words, generated code, go.mod files, vulnerabilities
	@exec sh tools/lint.sh

.PHONY: fmt
fmt: ## Format the Go code
	@$(GO) fmt trip2g/...

.PHONY: build-amd64
build-amd64: ## A static trip2g for Linux on amd64, as the file tmp/amd64
	@GOOS=linux GOARCH=amd64 sh tools/build.sh trip2g tmp/amd64

.PHONY: dist
dist: ## The static binaries of a release, with checksums, in tmp/dist
	@exec sh tools/dist.sh

.PHONY: trip2g
trip2g:
	@sh tools/build.sh trip2g bin/trip2g

# LiteFS exists for Linux only.
.PHONY: litefs
litefs:
	@[ "$$($(GO) env GOOS)" != linux ] || sh tools/build.sh litefs bin/litefs

# Compose v2: Docker's plugin, else one built into bin/.
.PHONY: compose
compose:
	@sh compose/compose.sh --have || $(MAKE) --silent bin/docker-compose

bin/docker-compose: docker/compose/go.mod docker/compose/go.sum
	@sh tools/tool.sh docker/compose github.com/docker/compose/v2 /cmd $@

bin/staticcheck: tools/go.mod tools/go.sum
	@sh tools/tool.sh tools honnef.co/go/tools /cmd/staticcheck $@

bin/actionlint: tools/go.mod tools/go.sum
	@sh tools/tool.sh tools github.com/rhysd/actionlint /cmd/actionlint $@

bin/govulncheck: tools/go.mod tools/go.sum
	@sh tools/tool.sh tools golang.org/x/vuln /cmd/govulncheck $@
