# The front door. Each target is one script or one cargo command; `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt doc bench fuzz
# Targets here build the same folder: one at a time, whatever -j says.
.NOTPARALLEL:

help:  ## lists the targets
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

run:  ## starts a demo mail host with three accounts under demo/ (Ctrl-C stops it)
	@scripts/demo.sh

test:  ## installs what the tests use, then proves everything on SQLite and PostgreSQL
	@scripts/test.sh

lint:  ## formatting, clippy, the rules of the house, dependencies
	@scripts/lint.sh

fmt:  ## formats all sources
	@cargo fmt --all

doc:  ## builds the documentation of our crates, also the private parts
	@cargo doc --workspace --no-deps --document-private-items

bench:  ## measures the built server beside Postfix and Dovecot (ARGS="--quick")
	@scripts/bench.sh $(ARGS)

fuzz:  ## fuzzes one parser after the other: TIME=60 seconds each, TARGET=name for one
	@scripts/fuzz.sh "$(TARGET)" "$(TIME)"
