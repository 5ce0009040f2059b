/** The rows of an import by what would become of them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count } from "../formats";
import { type Column, Named, Skeleton, Stack, Table, Tabs, Text } from "../kit";
import { MorePages } from "../parts/MorePages";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Import, type ImportRow, type Kind, rowsQuery } from "./queries";

const KINDS: readonly Kind[] = ["refused", "new", "changed", "known"];

export function ImportRows({ one }: { one: Import }) {
  const { foreseen } = one;
  const [kind, setKind] = useState<Kind>(foreseen !== null && foreseen.refused > 0 ? "refused" : "new");
  const found = useInfiniteQuery(rowsQuery(one.import_id, kind));
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  const first: Column<ImportRow> = {
    name: "name",
    title: T.imports.columns.name,
    cell: (row) => <Named name={row.name ?? row.bom_id ?? T.dash} detail={row.line === null ? undefined : `${T.imports.columns.line} ${count(row.line)}`} />,
  };
  const columns: Column<ImportRow>[] =
    kind === "refused"
      ? [
          first,
          { name: "sku", title: T.imports.columns.sku, cell: (row) => row.sku ?? T.dash },
          { name: "what", title: T.imports.columns.what, cell: (row) => row.message },
          { name: "remedy", title: T.imports.columns.remedy, cell: (row) => row.remedy },
        ]
      : [
          first,
          { name: "sku", title: T.imports.columns.sku, cell: (row) => row.sku ?? T.dash },
          { name: "variant", title: T.imports.columns.variant, cell: (row) => row.variant ?? T.dash },
        ];
  return (
    <Tabs
      label={T.imports.rows}
      tabs={KINDS.map((name) => ({ name, title: T.imports.kinds[name], badge: foreseen === null ? undefined : count(foreseen[name]) }))}
      chosen={kind}
      onChoose={setKind}
    >
      <Stack gap="300">
        {found.data === undefined ? (
          found.error === null ? (
            <Skeleton label={T.loading} lines={3} />
          ) : (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          )
        ) : rows.length === 0 ? (
          <Text tone="subdued">{T.imports.none}</Text>
        ) : (
          <Table label={T.imports.kinds[kind]} columns={columns} rows={rows} rowKey={(row) => `${row.line ?? ""} ${row.bom_id ?? ""}`} />
        )}
        <MorePages found={found} title={T.imports.more} />
      </Stack>
    </Tabs>
  );
}
