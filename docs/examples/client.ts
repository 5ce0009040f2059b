// Brings one BOM of a shop in step with the app's count, with nothing but fetch.
//
// TRUEUP_URL=https://trueup.example.com TRUEUP_KEY=trueup_live_… node client.ts SHOP BOM ITEM LOCATION COUNT
// (Node.js 22.18 or newer runs it as it stands.)

interface Problem {
  type: string;
  detail: string;
  errors: { field: string; message: string; remedy: string }[];
}

interface Preview {
  preview_id: string;
  state: "requested" | "reading" | "ready" | "failed";
  badges: { with_discrepancies: number; in_sync: number } | null;
}

interface Job {
  job_id: string;
  state: "requested" | "waiting" | "running" | "completed" | "completed_with_errors" | "cancelled" | "failed";
  totals: { total: number; updated: number; skipped: number; errors: number };
}

const { TRUEUP_URL, TRUEUP_KEY } = process.env;
const [shop, bom, item, location, count] = process.argv.slice(2) as [string, string, string, string, string];
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** One request, sent again while it is told to wait. `key`: ours; what is sent again under it is done once. */
async function ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
  for (;;) {
    const answer = await fetch(TRUEUP_URL + path, {
      method,
      headers: {
        Authorization: `Bearer ${TRUEUP_KEY}`,
        "Trueup-Shop": shop,
        "Content-Type": "application/json",
        ...(key ? { "Idempotency-Key": key } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const wait = answer.headers.get("Retry-After");
    if (wait === null) {
      if (answer.ok) return (await answer.json()) as T;
      const problem = (await answer.json()) as Problem;
      throw new Error(`${answer.status} ${problem.type}: ${problem.detail}`);
    }
    await answer.body?.cancel();
    await pause(Number(wait));
  }
}

/** Ask until it has ended. */
async function ended<T extends { state: string }>(path: string): Promise<T> {
  for (;;) {
    const told = await ask<T>("GET", path);
    if (!["requested", "reading", "waiting", "running"].includes(told.state)) return told;
    await pause(0.5);
  }
}

export {};

const run = crypto.randomUUID();

await ask("PUT", "/api/boms", { bom_id: bom, inventory_item_id: item, name: bom, tracks_pre_assembled: true });

// A count is taken over where it is still the one that was seen: what came in between is not overwritten.
const { local_value: seen } = await ask<{ local_value: number | null }>("GET", `/api/cells/${bom}/${location}`);
const counted = { bom_id: bom, location_id: location, count: Number(count), seen };
await ask("POST", "/api/counts", { counts: [counted] }, `count-${run}`);

const selection = { bom_ids: [bom], location_ids: [location] };
const { preview_id } = await ask<Preview>("POST", "/api/previews", { selection }, `preview-${run}`);
const preview = await ended<Preview>(`/api/previews/${preview_id}`);
console.log(preview.state, preview.badges);

const { job_id } = await ask<Job>("POST", "/api/jobs", { direction: "toShopify", preview_id }, `job-${run}`);
const job = await ended<Job>(`/api/jobs/${job_id}`);
console.log(job.state, job.totals);
process.exitCode = job.state === "completed" ? 0 : 1;
