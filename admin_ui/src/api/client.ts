/** The service's API, typed by its own description. Every request has a deadline, so nothing spins for ever. */
import createClient from "openapi-fetch";
import type { components, paths } from "../../generated/api";
import { tellReached } from "./reach";
import { forgetToken, sessionToken } from "./session";
import { Trouble, troubleOf } from "./trouble";

export type Schema = components["schemas"];

const DEADLINE = 20_000;

/** Send a request with a session token, with a new one if the first is refused. Throws Trouble. */
export async function send(request: Request, deadline: number | null = DEADLINE): Promise<Response> {
  const again = request.clone();
  let answer = await once(request, deadline);
  if (answer.status === 401) {
    forgetToken();
    answer = await once(again, deadline);
  }
  if (!answer.ok) throw await troubleOf(answer);
  return answer;
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
