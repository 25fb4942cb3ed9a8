# What there is to make: `make help`.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo

# Where rustup puts cargo before a new shell has read its profile.
export PATH := $(PATH):$(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin

.DEFAULT_GOAL := help
.PHONY: help deps build demo test generate conformance check bench install clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

deps: ## install what is missing: Open vSwitch (apt-get or dnf, with sudo if not root)
	@scripts/install-deps

build: ## the optimized binary, target/release/ovs
	$(CARGO) build --release

demo: deps build ## the main commands on a private Open vSwitch with a Neutron host in it
	target/release/ovs sandbox run --neutron -- scripts/demo

test: ## all tests, on private Open vSwitches
	@scripts/install-deps tests
	$(CARGO) test

generate: ## man/ anew, from the definitions of the commands
	UPDATE_GOLDEN=1 $(CARGO) test --test manual

conformance: deps ## COUNT random flows per class (20000) from SEED on, against the real ovs-ofctl
	COUNT=$(or $(COUNT),20000) SEED=$(or $(SEED),1) $(CARGO) test --test conformance -- --nocapture

check: ## formatting, lints and documentation, warnings denied
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

bench: ## side by side with the real tools: dumps of 200,000 flows, one port of 10,000 (FLOWS=N PORTS=N)
	@scripts/install-deps bench
	$(CARGO) build --release --bin ovs --example discard
	target/release/ovs sandbox run -- benches/dumps $(FLOWS)
	benches/ports $(PORTS)
	$(CARGO) bench --bench decode

install: build ## into PREFIX (/usr/local): the binary, the manual and the completions
	install -D -m 755 target/release/ovs $(DESTDIR)$(PREFIX)/bin/ovs
	for page in man/*.[578]; do \
	    install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; \
	done
	install -D -m 644 completions/ovs.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ovs
	install -D -m 644 completions/_ovs $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ovs
	install -D -m 644 completions/ovs.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ovs.fish
	install -D -m 644 completions/ovs.elv $(DESTDIR)$(PREFIX)/share/elvish/lib/ovs.elv

clean: ## what was built
	$(CARGO) clean
