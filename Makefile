# check: what every change must pass · test: needs Go alone · bench: figures with
# their limits · accept: the reliability figures of docs/reliability.md
TOOL := go tool -modfile=internal/tools/go.mod
GO_FILES := $(shell git ls-files -co --exclude-standard '*.go')

.PHONY: check test race format vet static tidy bench accept service

check: format vet static tidy race

test:
	go test ./...

race:
	go test -race ./...

format:
	@out="$$($(TOOL) gofumpt -l $(GO_FILES))"; test -z "$$out" || { echo "not gofumpt-ed:"; echo "$$out"; exit 1; }

vet:
	go vet ./...

static:
	$(TOOL) staticcheck ./...

tidy:
	go mod tidy -diff
	cd internal/accept && go mod tidy -diff
	cd internal/tools && go mod tidy -diff

# The black-box and outside-tool tests; they want EVAULT_POSTGRES (a DSN) and
# EVAULT_TOOLS=1, and fail without what these promise.
service:
	EVAULT_TOOLS=1 go test -count=1 ./internal/pdf/... ./esign/... ./storage/... ./vault/... ./compliance/... ./scopes/... ./httpapi/...
	cd internal/accept && go test -count=1 -timeout 8m ./...

bench:
	go test -run '^$$' -bench . -benchmem ./internal/pdf ./esign/pades ./internal/bench
	cd internal/accept && go test -run '^$$' -bench . -benchtime 1x ./...

accept:
	cd internal/accept && EVAULT_ACCEPT=1 go test -count=1 -timeout 60m ./...
