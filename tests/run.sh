#!/usr/bin/env bash
# Runs stages of the test run, each with its time. Usage: tests/run.sh STAGE... [pytest or tool options]
# Every stage runs, also after one has failed; the exit code tells whether any did.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
unset PYTHONDONTWRITEBYTECODE # else every process compiles all tests and sources anew
no_tests=5 # pytest's exit code for it

existing() {
    local path
    for path in "$@"; do [ ! -d "$path" ] || echo "$path"; done
}

run_pytest() {
    local paths code=0
    mapfile -t paths < <(existing "$@")
    [ ${#paths[@]} -gt 0 ] || { echo "no tests in $*"; return $no_tests; }
    # Most of a test's time is waiting, so more processes than cores; each has servers of its own.
    $bin/python -m pytest "${paths[@]}" -n "$processes" --dist worksteal "${options[@]}" || code=$?
    # A choice that matches nothing is a mistake; a stage that holds no test yet is not.
    [ $code -ne $no_tests ] || [ ${#options[@]} -eq 0 ] || code=1
    return $code
}

run_stage() {
    case $1 in
        lint)
            local failed=0
            $bin/ruff check . "${options[@]}" || failed=1
            $bin/ruff format --check . || failed=1
            return $failed
            ;;
        types)
            local packages
            mapfile -t packages < <(existing shared services simulator deploy benchmarks tests)
            $bin/mypy "${packages[@]}"
            ;;
        imports) $bin/lint-imports --no-logo --cache-dir .cache/import-linter ;;
        unit) processes=2 run_pytest tests/unit tests/simulator ;;
        contract) processes=2 run_pytest tests/contract ;;
        integration) processes=4 run_pytest tests/integration ;;
        chaos) processes=2 run_pytest tests/chaos ;;
        browser) processes=2 run_pytest tests/browser ;;
    esac
}

stages=()
options=()
for word in "$@"; do
    case $word in
        lint | types | imports | unit | contract | integration | browser | chaos)
            if [ ${#options[@]} -eq 0 ]; then stages+=("$word"); else options+=("$word"); fi
            ;;
        *) options+=("$word") ;;
    esac
done
[ ${#stages[@]} -gt 0 ] || { echo "tests/run.sh: name a stage: lint types imports unit contract integration browser chaos" >&2; exit 2; }

summary=()
result=0
for stage in "${stages[@]}"; do
    echo "--- $stage"
    start=$SECONDS
    outcome=passed
    run_stage "$stage"
    case $? in
        0) ;;
        "$no_tests") outcome="empty (no tests)" ;;
        *) outcome=FAILED result=1 ;;
    esac
    summary+=("$stage $outcome in $((SECONDS - start)) s")
done
[ ${#stages[@]} -eq 1 ] || printf 'stages:%s\n' "$(printf ' %s;' "${summary[@]}" | sed 's/;$//')"
exit $result
