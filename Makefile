# phoned: what can be made here. "make" alone prints this list.

export GOFLAGS := -buildvcs=false -tags=nolibopusfile
export GOTOOLCHAIN := local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOBUILD := go build -trimpath -ldflags '$(LDFLAGS)'
ECHO ?= on
ARGS ?=

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo; echo 'AREA of test-full: interop fuzz kernel qemu arm64 web fleet power image release'

.PHONY: run
run: setup-run build ## start the lab exchange and the phone; prints the address of its front panel
	@bin/phonesim -open $(ARGS)

.PHONY: demo
demo: setup-run build ## one real call, checked by machine, a JSON line a step (ECHO=off must fail)
	@bin/phonesim --demo --echo=$(ECHO) $(ARGS)

.PHONY: build
build: ## bin/phoned, bin/phonesim and bin/phonectl for this machine
	@$(GOBUILD) -o bin/ ./cmd/phoned ./cmd/phonesim ./cmd/phonectl

# pkg-config must see only arm64's files, or this machine's libraries win.
.PHONY: build-arm64
build-arm64: ## the same for 64-bit Arm boards, in bin/arm64
	@scripts/setup build arm64
	@PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig CGO_ENABLED=1 GOARCH=arm64 \
		CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ $(GOBUILD) -o bin/arm64/ ./cmd/phoned ./cmd/phonesim ./cmd/phonectl

.PHONY: deb
deb: setup-run build ## build/phoned_VERSION_ARCH.deb for this machine's Debian
	@scripts/deb

.PHONY: deb-arm64
deb-arm64: build-arm64 ## the same for 64-bit Arm boards
	@scripts/deb arm64

.PHONY: install uninstall release
install: build ## without packages: PREFIX (/usr/local) and DESTDIR are honoured; /etc/phoned is never replaced
	@scripts/install install
uninstall: ## take away what make install brought, but for /etc/phoned
	@scripts/install uninstall
release: setup-run ## packages, phonectl, bills of materials, licences, checksums, in build/release
	@scripts/setup build arm64
	@scripts/release

.PHONY: image image-run test-image reproduce-image
reproduce-image: ## build the image twice and compare (diffoscope, if installed, explains)
	@[ -d build/image-keys ] || image/keys build/image-keys reproduce
	@IMAGE_KEYS=build/image-keys image/build build/image-one
	@IMAGE_KEYS=build/image-keys image/build build/image-two
	@scripts/compare build/image-one/phoned.img build/image-two/phoned.img
image: setup-image build-arm64 ## the flashable image for QEMU's arm64 board and a signed update, in build/image (root)
	@image/build
image-run: ## boot build/image by hand in QEMU (KEEP=1: what was changed stays)
	@image/run
test-image: image ## boot it, update it well and badly, pull the plug (PHONED_CUTS=200 for more)
	@test/run image

.PHONY: check
check: ## formatting, vet, linter, import law and fast tests: about a minute
	@test/run check

.PHONY: test
test: ## everything a change must pass: 35 minutes on two cores
	@test/run tier1 $(AREAS)

.PHONY: test-full
test-full: ## the whole matrix of one AREA
	@test/run $(or $(AREA),$(error say which: make test-full AREA=interop|fuzz|kernel|qemu|arm64|web|fleet|power|image|release))

.PHONY: test-peers
test-peers: ## calls with FreeSWITCH and Asterisk built beside the project (PEERS=dir)
	@PEERS=$(PEERS) test/run peers

.PHONY: buildroot-check
buildroot-check: ## the Buildroot tree held against a Buildroot release (BUILDROOT=dir); builds nothing
	@BUILDROOT=$(or $(BUILDROOT),$(error say where: make buildroot-check BUILDROOT=dir)) test/run buildroot

.PHONY: test-interop test-kernel fuzz
test-interop: ## calls with software that is not ours
	@test/run interop
test-kernel: ## drivers on real kernel interfaces, in user-mode Linux
	@test/run kernel
fuzz: ## every fuzz target for a minute (FUZZTIME=10m for longer)
	@test/run fuzz

.PHONY: soak
soak: ## 200 power cuts, 1,000 calls of each kind, a day (ROUNDS=1000, CALLS=10000 for more)
	@ROUNDS=$(or $(ROUNDS),200) test/kernel/power
	@$(MAKE) -s soak-calls soak-day

.PHONY: soak-day
soak-day: build ## a day of an office phone, in minutes: RSS and files hour by hour
	@PHONED_DAY=1 go test -tags=nolibopusfile,kernel -count=1 -timeout 30m -v -run 'TestKernel/day' ./test/kernel

.PHONY: soak-image
soak-image: image ## the plug of the emulated board pulled 200 times (CUTS=n), for a day
	@PHONED_CUTS=$(or $(CUTS),200) PHONED_IMAGE_TIME=72h PHONED_IMAGE_RUN=TestPowerCuts test/run image

.PHONY: soak-calls
soak-calls: ## the calls alone: RSS and goroutines before and after
	@PHONED_CALLS=$(or $(CALLS),1000) go test -count=1 -timeout 4h -v -run ManyCalls ./test/daemon

.PHONY: bench
bench: ## benchmarks of all packages (BENCH=Step to choose)
	@go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem ./...

.PHONY: figures
figures: ## the figures of docs/measurements.md that need no other phone
	@PHONED_FIGURES=1 go test -count=1 -v -run 'Figure|ADay|ColdStart|FleetReturns' ./sip/... ./store ./test/phone ./test/daemon | grep -E 'FIGURE|KB|signed in|^(FAIL|ok)|--- FAIL'
	@go test -run '^$$' -bench 'AddCall|Open$$|SecretsSet|ThousandCallsOffline' -benchmem ./store ./backend | grep -E '^(Benchmark|FAIL|ok)'
	@go test ./sip -run '^$$' -bench 'BenchmarkCall$$' -benchtime 2000x
	@go test ./sip -run '^$$' -bench 'HundredCalls' -benchtime 1x
	@go test ./sip -run '^$$' -bench 'DeadPeer|BackInService' -benchtime 8x

.PHONY: callrig
callrig: ## calls over bad networks, measured from outside (RUNS=5 PEERS=dir PESQ=program: test/callrig/README.md)
	@PEERS='$(PEERS)' PESQ='$(PESQ)' test/callrig/battery $(or $(RUNS),3)

.PHONY: screens
screens: ## contact sheets of all screens, in build/screens
	@mkdir -p build/screens
	@go run ./ui/lcd/contactsheet -dir build/screens

.PHONY: setup setup-run
setup: ## install what building and testing need from Debian's packages
	@scripts/setup
setup-run:
	@scripts/setup build run
.PHONY: setup-image
setup-image:
	@scripts/setup build arm64 image

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin build
