# What there is to make: `make help`.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo

# Where rustup puts cargo before a new shell has read its profile.
export PATH := $(PATH):$(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin

# What `make smoke` runs: reading and changing, golden flows, what the manual pages of that version document.
SMOKE = show:: bridge:: bridge_change:: port:: tag:: tag_change:: tunnel:: tunnel_change:: db:: watch:: \
	dump_flows:: dump_messages:: actions:: decode:: check:: keys_manual:: keys_switch:: fields_manual:: ovsdb:: \
	model:: sandbox:: trace:: oracle::verdict snapshots::on_

.DEFAULT_GOAL := help
.PHONY: help deps build demo test smoke generate pictures conformance fuzz deny check bench install \
	uninstall deb release-check clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 15

deps: ## install what is missing: Open vSwitch (apt-get or dnf, with sudo if not root)
	@scripts/install-deps

build: ## the optimized binary, target/release/ovs
	$(CARGO) build --release

demo: deps ## the main commands on a private Open vSwitch with a Neutron host in it
	$(CARGO) build
	target/debug/ovs sandbox run --neutron=node -- scripts/demo

test: ## all tests, on private Open vSwitches
	@scripts/install-deps tests
	@# Most tests wait for daemons: more at a time than there are processors.
	$(CARGO) test -- --test-threads=6

smoke: ## the tests that depend most on the daemons' version, on a newer Open vSwitch (OVS_NEWER=DIR, or Debian's)
	@dir=$$(scripts/newer-openvswitch) || exit; if [ -z "$$dir" ]; then exit; fi; \
	    PATH="$$dir/usr/bin:$$dir/usr/sbin:$$dir/bin:$$dir/sbin:$$PATH" $(CARGO) test --test it -- --test-threads=6 $(SMOKE)

generate: ## man/, schema/ and the list of crates anew
	UPDATE_GOLDEN=1 $(CARGO) test --test it -- manual:: schema:: licences::

pictures: build ## docs/pictures anew, from what the commands print on a terminal
	$(CARGO) build --release --example picture
	target/release/ovs sandbox run --neutron=node -- scripts/pictures $(CURDIR)/target/release/examples/picture

conformance: deps ## COUNT random flows per class (20000), HOSTS random hosts (60), against the real tools, from SEED on
	COUNT=$(or $(COUNT),20000) SEED=$(or $(SEED),1) $(CARGO) test --test conformance -- --nocapture
	HOSTS=$(or $(HOSTS),60) SEED=$(or $(SEED),1) $(CARGO) test --test it -- --nocapture oracle::
	COUNT=$(or $(HOSTS),60) SEED=$(or $(SEED),1) $(CARGO) test --test it -- dump_flows_drops:: check_random::

fuzz: ## each fuzz target for SECS seconds (60): executions and crashes (needs rustup's nightly)
	@scripts/fuzz $(or $(SECS),60) $(TARGETS)

deny: ## licences, duplicates, sources and advisories of all crates, by cargo-deny (asks the network)
	@command -v cargo-deny >/dev/null || $(CARGO) install cargo-deny --locked
	$(CARGO) deny check

check: ## formatting, lints and documentation, warnings denied
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

bench: ## side by side with the real tools: 200,000 flows read and written, one port of 10,000, saved hosts, 20 hosts (FLOWS=N PORTS=N)
	@scripts/install-deps bench
	$(CARGO) build --release --bin ovs --example discard --example replay --example parse
	target/release/ovs sandbox run -- benches/dumps $(FLOWS)
	target/release/ovs sandbox run -- benches/writes $(FLOWS)
	benches/ports $(PORTS)
	PORTS=$(PORTS) FLOWS=$(FLOWS) target/release/ovs sandbox run -- benches/saved
	benches/hosts
	$(CARGO) bench --bench decode

install: build ## into PREFIX (/usr/local): the binary, the manual, the completions and the JSON schemas
	install -D -m 755 target/release/ovs $(DESTDIR)$(PREFIX)/bin/ovs
	for page in man/*.[578]; do \
	    install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/ovs/schema
	install -m 644 schema/*.json $(DESTDIR)$(PREFIX)/share/ovs/schema
	install -D -m 644 completions/ovs.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ovs
	install -D -m 644 completions/_ovs $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ovs
	install -D -m 644 completions/ovs.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ovs.fish
	install -D -m 644 completions/ovs.elv $(DESTDIR)$(PREFIX)/share/elvish/lib/ovs.elv

uninstall: ## what `make install` put there (the same PREFIX and DESTDIR)
	rm -f $(DESTDIR)$(PREFIX)/bin/ovs
	for page in man/*.[578]; do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ovs
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ovs
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ovs.fish
	rm -f $(DESTDIR)$(PREFIX)/share/elvish/lib/ovs.elv
	rm -rf $(DESTDIR)$(PREFIX)/share/ovs/schema
	-rmdir $(DESTDIR)$(PREFIX)/share/ovs

deb: build ## a Debian package, in target/debian (cargo-deb is built where it is missing: 2 minutes)
	@scripts/install-deps deb
	mkdir -p target/debian
	scripts/debian-changelog >target/debian/changelog
	$(CARGO) deb --no-build

release-check: ## the Debian package and `make install`: built, linted, installed, used and removed (as root)
	@scripts/install-deps release
	scripts/release-check

clean: ## what was built
	$(CARGO) clean
