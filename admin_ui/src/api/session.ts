/**
 * The session token that every request carries.
 *
 * Inside Shopify's admin the admin makes it. In a plain browser only a demo hands one out, at an address of its own.
 * Nothing is kept in cookies, so no other site can act in the merchant's name.
 */
import { adminToken, TOKENS } from "../shell";
import { Trouble } from "./trouble";

const TOKEN_WAIT = 10_000;
/** A token about to expire is not sent: it would arrive too late. */
const MARGIN = 5_000;

let held: { token: string; until: number } | null = null;
let asking: Promise<string> | null = null;

/** A token that is valid now. Throws Trouble. */
export async function sessionToken(): Promise<string> {
  if (TOKENS === "app-bridge") return fromAdmin();
  if (TOKENS !== "demo") throw new Trouble("outside");
  if (held !== null && Date.now() < held.until - MARGIN) return held.token;
  asking ??= fromDemo().finally(() => {
    asking = null;
  });
  return asking;
}

/** Forget a token that was refused, so that the next request asks for another. */
export function forgetToken(): void {
  held = null;
}

async function fromAdmin(): Promise<string> {
  const token = adminToken();
  if (token === undefined) throw new Trouble("session");
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Trouble("session")), TOKEN_WAIT);
  });
  return Promise.race([token, late]);
}

async function fromDemo(): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch("/demo/session-token", {
      method: "POST",
      // A form on another site cannot set a header of its own.
      headers: { "X-Trueup-Demo": "1" },
      signal: AbortSignal.timeout(TOKEN_WAIT),
    });
  } catch {
    throw new Trouble("connection");
  }
  if (answer.status === 404 || answer.status === 405) throw new Trouble("outside");
  if (!answer.ok) throw new Trouble("server", { status: answer.status });
  const { token } = (await answer.json()) as { token: string };
  held = { token, until: expiry(token) };
  return token;
}

function expiry(token: string): number {
  try {
    const claims = JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"))) as { exp: number };
    return claims.exp * 1000;
  } catch {
    return Date.now() + 30_000;
  }
}
