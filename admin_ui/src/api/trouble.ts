/** Everything that can go wrong between the page and the service, told apart by what a person can do about it. */

export type TroubleKind =
  /** The service cannot be reached, or does not answer in time. */
  | "connection"
  /** The session token is refused, also a fresh one. */
  | "session"
  /** The page was opened outside Shopify's admin. */
  | "outside"
  /** 500 and 503: nothing is wrong with what was asked. */
  | "server"
  /** The service says no and names the remedy. */
  | "refused"
  /** 429: the shop asks for more than it may at this moment. */
  | "busy"
  /** 404: it is not there (any more). */
  | "missing";

export interface FieldProblem {
  field: string;
  message: string;
  remedy: string;
}

export class Trouble extends Error {
  readonly kind: TroubleKind;
  readonly status: number | null;
  /** Which problem, as the service names it. */
  readonly type: string | null;
  readonly detail: string | null;
  readonly fields: readonly FieldProblem[];
  /** Milliseconds after which the service says it may go. */
  readonly wait: number | null;

  constructor(
    kind: TroubleKind,
    more: { status?: number; type?: string; detail?: string; fields?: readonly FieldProblem[]; wait?: number | null } = {},
  ) {
    super(more.detail ?? kind);
    this.name = "Trouble";
    this.kind = kind;
    this.status = more.status ?? null;
    this.type = more.type?.replace("urn:trueup:problem:", "") ?? null;
    this.detail = more.detail ?? null;
    this.fields = more.fields ?? [];
    this.wait = more.wait ?? null;
  }

  /** Whether the same request may succeed a moment later. */
  get passes(): boolean {
    return this.kind === "connection" || this.kind === "server" || this.kind === "busy";
  }
}

/** The trouble that an answer tells of. */
export async function troubleOf(answer: Response): Promise<Trouble> {
  const kind = kindOf(answer.status);
  const wait = waitOf(answer);
  try {
    const told = (await answer.json()) as { type?: string; detail?: string; errors?: FieldProblem[] };
    return new Trouble(kind, { status: answer.status, type: told.type, detail: told.detail, fields: told.errors, wait });
  } catch {
    return new Trouble(kind, { status: answer.status, wait });
  }
}

function kindOf(status: number): TroubleKind {
  if (status === 401) return "session";
  if (status === 404) return "missing";
  if (status === 429) return "busy";
  return status >= 500 ? "server" : "refused";
}

/** The milliseconds that `Retry-After` asks for; null where it says nothing. */
export function waitOf(answer: Response): number | null {
  const seconds = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : null;
}
