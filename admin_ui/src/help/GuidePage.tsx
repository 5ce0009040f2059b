/** The merchant's guide, as docs has it, served by the page itself. */
import guide from "../../../docs/merchants-guide.md?raw";
import { Card, Page } from "../kit";
import { help } from "../texts/help";
import { type Block, blocksOf, type Piece, piecesOf } from "./guide";
import styles from "./Help.module.css";

export default function GuidePage() {
  return (
    <Page title={help.guideTitle} narrow>
      <Card>
        <div className={styles.guide}>
          {blocksOf(guide).map((block, place) => (
            <Shown key={place} block={block} />
          ))}
        </div>
      </Card>
    </Page>
  );
}

function Shown({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return <h2>{block.text}</h2>;
    case "table": {
      const [head = [], ...rows] = block.rows;
      return (
        <table>
          <thead>
            <tr>
              {head.map((cell, place) => (
                <th key={place} scope="col">
                  <Words text={cell} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, number) => (
              <tr key={number}>
                {row.map((cell, place) => (
                  <td key={place}>
                    <Words text={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    }
    case "list": {
      const entries = block.items.map((item, place) => (
        <li key={place}>
          <Words text={item} />
        </li>
      ));
      return block.ordered ? <ol>{entries}</ol> : <ul>{entries}</ul>;
    }
    case "paragraph":
      return (
        <p>
          <Words text={block.text} />
        </p>
      );
  }
}

function Words({ text }: { text: string }) {
  return (
    <>
      {piecesOf(text).map((piece, place) => (
        <Said key={place} piece={piece} />
      ))}
    </>
  );
}

function Said({ piece }: { piece: Piece }) {
  if (piece.kind === "strong") return <strong>{piece.text}</strong>;
  if (piece.kind === "emphasis") return <em>{piece.text}</em>;
  return <>{piece.text}</>;
}
