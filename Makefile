# make        lists the targets
# make test   every test, with real services; installs what is missing

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

MODULE  := github.com/mortise-auth/mortise
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
DATE    ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

TOOLS   := bin/tools
FUZZTIME ?= 20s
BENCH   ?= .
VULNDB  ?=

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: build
build: ## bin/mortise, one static file
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/mortise ./cmd/mortise

.PHONY: test
test: ## every test of every module, race detector on, nothing skipped
	@scripts/test

.PHONY: test-sdk
test-sdk: ## the TypeScript client in sdk/js: built, and tested without a browser
	@scripts/install-test-deps
	@scripts/test-sdk

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each (20s)
	@FUZZTIME=$(FUZZTIME) scripts/fuzz

.PHONY: soak
soak: ## the long tests in full: crashes, races, hours of traffic (PostgreSQL waits for the disk)
	@MORTISE_TEST_SOAK=1 MORTISE_TEST_FSYNC=on TESTTIMEOUT=6h scripts/test

.PHONY: conformance
conformance: ## our copies of the protocol test modules, and the matrix of what has a test
	@scripts/conformance

.PHONY: keycloak
keycloak: ## people of a real Keycloak sign in; fetches it from Maven Central
	@scripts/test-keycloak

.PHONY: bench
bench: ## the tables of docs/benchmarks.md, measured now, each beside its floor
	@scripts/bench

.PHONY: bench-load
bench-load: build ## the load scenarios against a running server
	@scripts/bench load

.PHONY: lint
lint: tools ## gofumpt and golangci-lint
	@scripts/lint

.PHONY: fmt
fmt: tools ## let gofumpt write what make lint asks for
	@$(TOOLS)/gofumpt -l -w -modpath $(MODULE) .

.PHONY: vuln
vuln: tools ## known vulnerabilities that our code reaches; VULNDB=DIR works offline
	@VULNDB='$(VULNDB)' scripts/vuln

.PHONY: matrix
matrix: ## docs/standards-matrix.md from the marks in the tests
	@go -C tools run ./matrix -root ..

.PHONY: generate
generate: matrix ## everything that is made from something else
	@go generate ./...
	@go mod tidy

.PHONY: verify
verify: ## regenerate, and fail when something was stale
	@scripts/verify

.PHONY: tools
tools: ## bin/tools: the linters, as pinned in tools/go.mod
	@go -C tools build -o ../$(TOOLS)/ tool

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist sdk/js/dist sdk/js/.test
