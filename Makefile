# check: what every change must pass · test: needs Go alone · service: PostgreSQL,
# S3 and outside tools · bench: figures with their limits · accept: the
# reliability figures of docs/reliability.md
TOOL := go tool -modfile=internal/tools/go.mod
GO_FILES := $(shell git ls-files -co --exclude-standard '*.go')

.PHONY: check test race format vet static tidy service served blackbox need-services screens bench accept fuzz fuzz-briefly

check: format vet static tidy race

test:
	go test ./...

# The tests in which goroutines meet; their names say so (internal/arch holds it).
RACE := Rac(e|ing)|AtOnce|Concurrent|Parallel|Replicas
RACING = $(shell git grep --untracked -lE 'func Test\w*($(RACE))' -- '*_test.go' ':!internal/accept' ':!internal/extstore' ':!internal/pdf/peers' | xargs -n 1 dirname | sort -u | sed 's,^,./,')
race:
	go test -vet=off -race -run '$(RACE)' $(RACING)

format:
	@out="$$($(TOOL) gofumpt -l $(GO_FILES))"; test -z "$$out" || { echo "not gofumpt-ed:"; echo "$$out"; exit 1; }

vet:
	go vet ./...
	cd internal/extstore && go vet ./...

static:
	$(TOOL) staticcheck ./...

tidy:
	go mod tidy -diff
	cd internal/accept && go mod tidy -diff
	cd internal/pdf/peers && go mod tidy -diff
	cd internal/extstore && go mod tidy -diff
	cd internal/tools && go mod tidy -diff

# What go test ./... leaves out. served: the tests that ask PostgreSQL or outside tools or take long, and files of other
# programs; blackbox: examples/server over HTTP, every router, S3, kills and races.
SERVED = $(shell git grep --untracked -lE 'testdb\.|testenv\.|pdftest\.Tools' -- '*_test.go' ':!internal/accept' | xargs -n 1 dirname | sort -u | sed 's,^,./,')
service: served blackbox
served blackbox: export EVAULT_LONG = 1
served: need-services
	go test -vet=off -count=1 $(SERVED)
	cd internal/pdf/peers && go test ./...
	cd internal/extstore && go test ./...

blackbox: need-services
	cd internal/accept && go test -vet=off -count=1 -timeout 20m ./...

need-services:
	@: "$${EVAULT_POSTGRES:?is the data source name of a PostgreSQL server}" "$${EVAULT_TOOLS:?is 1 where pdfsig, qpdf, mutool, openssl and iText are}"
	@: "$${EVAULT_S3:?is the path of the program versitygw}"

# Pictures of every screen for docs/signing.md; wants Chromium.
screens:
	rm -f docs/screens/*.png
	cd internal/accept && EVAULT_SCREENS="$(CURDIR)/docs/screens" go test -vet=off -count=1 -run '^TestScreens$$' .

bench:
	go test -run '^$$' -bench . -benchmem ./internal/pdf/... ./internal/bench ./esign/pades ./esign/inspect ./esign/render ./storage/...
	cd internal/accept && go test -run '^$$' -bench . ./...
	cd internal/pdf/peers && go test -run '^$$' -bench . ./...

# One target after another, FUZZTIME each. Inputs found are kept in Go's build cache, where the sweep of accept finds them.
FUZZTIME ?= 30m
FUZZ = nice -n 15 go test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1
fuzz:
	for t in FuzzEverything FuzzOpen; do $(FUZZ) -fuzz "^$$t$$" ./internal/pdf || exit 1; done
	$(FUZZ) -fuzz '^FuzzBalanced$$' ./internal/pdf/contentstream
	$(FUZZ) -fuzz '^FuzzChangesSince$$' ./internal/pdf/revision
	$(FUZZ) -fuzz '^FuzzCheckCopy$$' ./internal/pdf/copymark
	$(FUZZ) -fuzz '^FuzzText$$' ./internal/font
	$(FUZZ) -fuzz '^FuzzUpload$$' ./httpapi
	$(FUZZ) -fuzz '^FuzzStrict$$' ./httpapi/internal/rest
	for t in FuzzVerify FuzzEditSealed FuzzStatement; do $(FUZZ) -fuzz "^$$t$$" ./esign/pades || exit 1; done
	$(FUZZ) -fuzz '^FuzzParse$$' ./internal/cms
	$(FUZZ) -fuzz '^FuzzList$$' ./internal/revocation

# Some ten seconds each, by counts: a fuzzer that ends by the clock may fail at its end.
BRIEFLY = go test -run '^$$' -fuzzminimizetime 20x
fuzz-briefly:
	$(BRIEFLY) -fuzztime 10000x -fuzz '^FuzzEverything$$' ./internal/pdf
	$(BRIEFLY) -fuzztime 10000x -fuzz '^FuzzStrict$$' ./httpapi/internal/rest
	$(BRIEFLY) -fuzztime 8000x -fuzz '^FuzzVerify$$' ./esign/pades

# Wants unshare and strace (as root), and shattered-1.pdf and -2.pdf of Debian's sha1cdsum (or EVAULT_SHA1, their folder).
accept:
	EVAULT_SWEEP=1 go test -count=1 -timeout 30m -v -run 'TestSweep|TestHostileFilesReachNothing' ./esign/inspect
	cd internal/accept && EVAULT_ACCEPT=1 go test -count=1 -timeout 120m ./...
	cd internal/pdf/peers && EVAULT_TOOLS=1 go test -count=1 ./...
