/** What the tables of the page have in common. */
import type { ReactNode } from "react";

export interface Column<Row> {
  name: string;
  title: string;
  /** A track of a CSS grid; without one as wide as it needs to be. */
  width?: string;
  /** By what a table is sorted where its head is pressed; without it the column sorts nothing. */
  sort?: string;
  /** Numbers stand at the end, digit below digit. */
  number?: boolean;
  cell: (row: Row) => ReactNode;
}
