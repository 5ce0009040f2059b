/** The service's API, typed by its own description. Every request has a deadline, so nothing spins for ever. */
import createClient from "openapi-fetch";
import type { components, paths } from "../../generated/api";
import { tellReached } from "./reach";
import { forgetToken, sessionToken } from "./session";
import { Trouble, troubleOf, waitOf } from "./trouble";

export type Schema = components["schemas"];

const DEADLINE = 20_000;

/** How often a read is asked again after the service has said that it comes too fast. */
const READS_AGAIN = 4;
const LONGEST_WAIT = 30_000;

/**
 * Send a request with a session token, with a new one if the first is refused. Throws Trouble.
 *
 * A read that comes too fast (429) waits as long as the service says and is sent again; what changes something is not:
 * whoever clicked is told, and decides.
 */
export async function send(request: Request, deadline: number | null = DEADLINE): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    const answer = await withToken(request.clone(), deadline);
    if (answer.ok) return answer;
    const wait = answer.status === 429 ? (waitOf(answer) ?? 1_000) : 0;
    if (answer.status !== 429 || request.method !== "GET" || tries >= READS_AGAIN || wait > LONGEST_WAIT) {
      throw await troubleOf(answer);
    }
    await pause(wait, request.signal);
  }
}

async function withToken(request: Request, deadline: number | null): Promise<Response> {
  const again = request.clone();
  const answer = await once(request, deadline);
  if (answer.status !== 401) return answer;
  forgetToken();
  return once(again, deadline);
}

/** Throws the signal's reason where nobody waits any more. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
}

async function once(request: Request, deadline: number | null): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${await sessionToken()}`);
  const stop = new AbortController();
  const end = () => stop.abort(request.signal.reason);
  request.signal.addEventListener("abort", end);
  const timer = deadline === null ? undefined : setTimeout(() => stop.abort(new Trouble("connection")), deadline);
  try {
    const answer = await fetch(request, { signal: stop.signal, cache: "no-store", credentials: "omit" });
    tellReached(true);
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    tellReached(false);
    throw new Trouble("connection");
  } finally {
    clearTimeout(timer);
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: (request) => send(request) });

/** The body of an answer. Throws Trouble. */
export async function body<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await call;
  if (data === undefined) throw new Trouble("server", { status: response.status });
  return data;
}

/** Save a table that needs the session token as a file. Throws Trouble. */
export async function download(path: string, fileName: string): Promise<void> {
  const answer = await send(new Request(new URL(path, window.location.origin)), null);
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
