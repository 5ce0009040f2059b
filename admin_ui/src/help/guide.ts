/** The little of Markdown that the guide is written in, as blocks. Pictures and links into docs are left out. */
export type Block =
  | { kind: "heading"; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "table"; rows: string[][] };

export interface Piece {
  kind: "plain" | "strong" | "emphasis";
  text: string;
}

const ENTRY = /^(?:[-*]|\d+\.) /;

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const part of text.replace(/\r/g, "").split(/\n\s*\n/)) {
    const lines = part.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("!["));
    const [first] = lines;
    // The page has the title of the whole.
    if (first === undefined || first.startsWith("# ")) continue;
    if (first.startsWith("#")) {
      blocks.push({ kind: "heading", text: first.replace(/^#+ /, "") });
      if (lines.length > 1) blocks.push(textOf(lines.slice(1)));
    } else blocks.push(textOf(lines));
  }
  return joined(blocks);
}

function textOf(lines: readonly string[]): Block {
  const first = lines[0] ?? "";
  if (first.startsWith("|")) {
    const rows = lines.filter((line) => !/^\|[\s|:-]+\|$/.test(line));
    return { kind: "table", rows: rows.map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim())) };
  }
  if (!ENTRY.test(first)) return { kind: "paragraph", text: lines.join(" ") };
  const items: string[] = [];
  for (const line of lines) {
    if (ENTRY.test(line)) items.push(line.replace(ENTRY, ""));
    else items[items.length - 1] = `${items[items.length - 1] ?? ""} ${line}`;
  }
  return { kind: "list", ordered: /^\d/.test(first), items };
}

/** Steps between which there were pictures are one list. */
function joined(blocks: readonly Block[]): Block[] {
  const all: Block[] = [];
  for (const block of blocks) {
    const last = all[all.length - 1];
    if (block.kind === "list" && last?.kind === "list" && last.ordered === block.ordered) last.items.push(...block.items);
    else all.push(block);
  }
  return all;
}

export function piecesOf(text: string): Piece[] {
  const plain = text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/`/g, "");
  return plain
    .split(/(\*\*[^*]+\*\*|\*[^*]+\*)/)
    .filter((part) => part !== "")
    .map((part): Piece => {
      if (part.startsWith("**")) return { kind: "strong", text: part.slice(2, -2) };
      if (part.startsWith("*") && part.length > 2) return { kind: "emphasis", text: part.slice(1, -1) };
      return { kind: "plain", text: part };
    });
}
