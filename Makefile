# "make" lists the tasks. Variables: GO is the Go command, PROJECT the name of the
# stack's containers and volumes, STACK the stack that "up" starts, NAME and SCOPE
# those of the API key that "key" creates, BACKUP the file that "restore" reads,
# FUZZTIME the duration of each fuzz target. compose/README.md lists the variables
# for ports and addresses.

GO ?= go
PROJECT ?= trip2g
STACK ?= litefs
FUZZTIME ?= 30s
export GO PROJECT STACK NAME BACKUP FUZZTIME

SHELL := /bin/sh

.PHONY: help
help: ## List the tasks
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: run
run: trip2g ## Run one node on this machine, without a container
	@exec sh tools/run.sh

.PHONY: build
build: trip2g litefs compose ## Build all binaries into bin/
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
test: lint unit e2e ## Run everything that must pass: lint, unit, e2e

.PHONY: unit
unit: trip2g litefs ## Test the packages, with the race detector
	@sh tools/deps.sh cc git fusermount3 wrk bash curl
	$(GO) test -race -timeout 10m trip2g/bench/... trip2g/internal/... trip2g/services/trip2g/...

.PHONY: e2e
e2e: compose ## Test the stacks from outside (RUN=TestName: some tests)
	@exec sh tools/e2e.sh $(if $(RUN),-run '$(RUN)')

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each (30s)
	@exec sh tools/fuzz.sh

.PHONY: bench
bench: trip2g litefs ## Compare nodes on this machine with nginx and net/http, into docs/benchmarks.md
	@exec sh tools/bench.sh

.PHONY: profile
profile: trip2g litefs ## Profile a replica's CPU time and memory under load
	@exec sh tools/profile.sh

.PHONY: lint
lint: bin/staticcheck bin/actionlint bin/govulncheck ## Check formatting, Go, shell, workflows, words, generated code, go.mod files, vulnerabilities
	@exec sh tools/lint.sh

.PHONY: fmt
fmt: ## Format the Go code
	@$(GO) fmt trip2g/...

.PHONY: build-amd64
build-amd64: ## Build a static trip2g for Linux on amd64 as tmp/amd64
	@GOOS=linux GOARCH=amd64 sh tools/build.sh trip2g tmp/amd64

.PHONY: dist
dist: ## Build the static binaries of a release, with checksums, in tmp/dist
	@exec sh tools/dist.sh

.PHONY: trip2g
trip2g:
	@sh tools/build.sh trip2g bin/trip2g

# LiteFS runs on Linux only.
.PHONY: litefs
litefs:
	@[ "$$($(GO) env GOOS)" != linux ] || sh tools/build.sh litefs bin/litefs

# Compose v2 is Docker's plugin or, without it, built into bin/.
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
