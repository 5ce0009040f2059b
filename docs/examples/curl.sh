#!/usr/bin/env bash
# Brings one BOM of a shop in step with the app's count, by curl and jq.
#
# TRUEUP_URL=https://trueup.example.com TRUEUP_KEY=trueup_live_… ./curl.sh SHOP BOM ITEM LOCATION COUNT
set -euo pipefail
shop=$1 bom=$2 item=$3 location=$4 count=$5

# METHOD PATH [BODY [KEY]]. The key stands on no command line, where other users of the machine could read it. What curl
# sends again (429, 503, no connection) it sends under the same Idempotency-Key, so that it is done once.
ask() {
    curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --request "$1" "$TRUEUP_URL$2" \
        --config <(printf 'header = "Authorization: Bearer %s"\n' "$TRUEUP_KEY") --header "Trueup-Shop: $shop" \
        ${3:+--header 'Content-Type: application/json' --data "$3"} ${4:+--header "Idempotency-Key: $4"}
}

# Ask until a preview or a job has ended; prints it.
ended() {
    local told
    while told=$(ask GET "$1") && jq -e '.state | IN("requested", "reading", "waiting", "running")' <<<"$told" >/dev/null; do
        sleep 0.5
    done
    printf '%s\n' "$told"
}

run=$(date +%s)-$$

ask PUT /api/boms "$(jq -n --arg bom "$bom" --arg item "$item" \
    '{bom_id: $bom, inventory_item_id: $item, name: $bom, tracks_pre_assembled: true}')" | jq -c '.items[0].bom'

# A count is taken over where it is still the one that was seen: what came in between is not overwritten.
seen=$(ask GET "/api/cells/$bom/$location" | jq .local_value)
ask POST /api/counts "$(jq -n --arg bom "$bom" --arg location "$location" --argjson count "$count" --argjson seen "$seen" \
    '{counts: [{bom_id: $bom, location_id: $location, count: $count, seen: $seen}]}')" "count-$run" | jq -c '.items[0]'

selection=$(jq -n --arg bom "$bom" --arg location "$location" '{bom_ids: [$bom], location_ids: [$location]}')
preview=$(ask POST /api/previews "{\"selection\": $selection}" "preview-$run" | jq -r .preview_id)
ended "/api/previews/$preview" | jq -c '{state, badges, classes}'

job=$(ask POST /api/jobs "{\"direction\": \"toShopify\", \"preview_id\": \"$preview\"}" "job-$run" | jq -r .job_id)
ended "/api/jobs/$job" | jq -c '{state, totals}'
