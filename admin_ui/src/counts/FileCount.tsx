/** A file of counts: checked first, then taken over. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { count } from "../formats";
import { Banner, Button, FilePicker, Figures, Heading, Inline, Named, Progress, Stack, Table, Text } from "../kit";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Checked, checkFile, type CheckedCount, type Counted, newKey, takeOverAll } from "./queries";

/** Rows of a table that a person looks through; all are taken over. */
const SHOWN = 200;
const LARGEST = 900_000;

export function FileCount({ location, note }: { location: string; note: string }) {
  const client = useQueryClient();
  const [large, setLarge] = useState(false);
  const [key, setKey] = useState(newKey);
  const [done, setDone] = useState(0);
  const progress = useId();
  const check = useMutation({ mutationFn: async (file: File) => checkFile(await file.text(), location) });
  const apply = useMutation({
    mutationFn: (changes: readonly CheckedCount[]) =>
      takeOverAll(
        key,
        changes.map(({ bom_id, location_id, count: counted, seen }) => ({ bom_id, location_id, count: counted, seen })),
        note,
        setDone,
      ),
    onSettled: () => void client.invalidateQueries({ queryKey: ["boms"] }),
  });
  const pick = (file: File) => {
    setKey(newKey());
    setDone(0);
    apply.reset();
    check.reset();
    setLarge(file.size > LARGEST);
    if (file.size <= LARGEST) check.mutate(file);
  };
  const changes = check.data?.items.filter((one) => one.kind !== "same") ?? [];
  return (
    <Stack gap="400">
      <Text tone="subdued">{T.counts.fileHelp}</Text>
      <Inline>
        <FilePicker label={T.counts.file} accept=".csv,.txt,text/csv" isPending={check.isPending} isDisabled={apply.isPending} onPick={pick} />
        {location !== "" && (
          <SaveButton label={T.counts.sheet} path={`/api/counts/sheet.csv?location_id=${location}`} file="stock-taking.csv" />
        )}
      </Inline>
      {large && <Banner tone="critical" title={T.counts.fileLarge} />}
      {check.isPending && <Text>{T.counts.checking}</Text>}
      {check.error !== null && <TroubleNote trouble={check.error} />}
      {check.data !== undefined && <Report checked={check.data} changes={changes} />}
      {check.data !== undefined && !apply.isSuccess && (
        <Stack gap="300">
          {changes.length === 0 ? (
            <Text>{T.counts.nothingToApply}</Text>
          ) : (
            <Inline>
              <Button variant="primary" isPending={apply.isPending} onPress={() => apply.mutate(changes)}>
                {T.counts.apply(changes.length)}
              </Button>
              <Text tone="subdued">{T.counts.nothingYet}</Text>
            </Inline>
          )}
          {apply.isPending && (
            <>
              <span id={progress}>{T.counts.applying(done, changes.length)}</span>
              <Progress value={(100 * done) / changes.length} labelledBy={progress} />
            </>
          )}
          {/* Under its keys it is sent again without counting twice. */}
          {apply.error !== null && <TroubleNote trouble={apply.error} again={() => apply.mutate(changes)} />}
        </Stack>
      )}
      {apply.data !== undefined && <Outcome done={apply.data} changes={changes} />}
    </Stack>
  );
}

function Report({ checked, changes }: { checked: Checked; changes: readonly CheckedCount[] }) {
  const of = (kind: CheckedCount["kind"]) => count(checked.items.filter((one) => one.kind === kind).length);
  return (
    <Stack gap="300">
      <Figures
        figures={[
          { label: T.counts.willChange, value: of("change") },
          { label: T.counts.willFirst, value: of("first") },
          { label: T.counts.willSame, value: of("same") },
          { label: T.counts.willNot, value: count(checked.refused.length), critical: checked.refused.length > 0 },
          { label: T.counts.emptyRows, value: count(checked.passed_over) },
        ]}
      />
      {checked.refused.length > 0 && (
        <>
          <Heading level={2}>{T.counts.wrong}</Heading>
          <Table
            label={T.counts.wrong}
            columns={[
              { name: "line", title: T.counts.columnsFile.line, cell: (one: Checked["refused"][number]) => count(one.line) },
              { name: "why", title: T.counts.columnsFile.why, cell: (one) => one.message },
              { name: "remedy", title: T.counts.columnsFile.remedy, cell: (one) => one.remedy },
            ]}
            rows={checked.refused.slice(0, SHOWN)}
            rowKey={(one) => one.line}
          />
          <Some shown={SHOWN} all={checked.refused.length} />
        </>
      )}
      {changes.length > 0 && (
        <>
          <Heading level={2}>{T.counts.would}</Heading>
          <Table
            label={T.counts.would}
            columns={[
              { name: "name", title: T.counts.columnsFile.name, cell: (one: CheckedCount) => <Named name={one.bom_name} detail={one.sku ?? one.bom_id} /> },
              { name: "location", title: T.counts.columnsFile.location, cell: (one) => one.location_name },
              { name: "now", title: T.counts.columnsFile.now, number: true, cell: (one) => count(one.seen) },
              { name: "count", title: T.counts.columnsFile.count, number: true, cell: (one) => count(one.count) },
              { name: "change", title: T.counts.columnsFile.change, number: true, cell: (one) => T.counts.by(one.seen, one.count) },
            ]}
            rows={changes.slice(0, SHOWN)}
            rowKey={(one) => one.line}
          />
          <Some shown={SHOWN} all={changes.length} />
        </>
      )}
    </Stack>
  );
}

function Some({ shown, all }: { shown: number; all: number }) {
  return all <= shown ? null : <Text tone="subdued">{T.counts.showing(shown, all)}</Text>;
}

function Outcome({ done, changes }: { done: readonly Counted[]; changes: readonly CheckedCount[] }) {
  const left = done.map((one, place) => ({ one, row: changes[place] })).filter(({ one }) => one.outcome === "changed_meanwhile" || one.outcome === "refused");
  const taken = done.length - left.length;
  return (
    <div role="status">
      <Stack gap="300">
        <Banner tone={left.length === 0 ? "success" : "warning"} title={T.counts.applied(taken)}>
          {left.length > 0 && <p>{T.counts.left(left.length)}</p>}
        </Banner>
        {left.length > 0 && (
          <Table
            label={T.counts.wrong}
            columns={[
              { name: "line", title: T.counts.columnsFile.line, cell: ({ row }: (typeof left)[number]) => count(row?.line) },
              { name: "name", title: T.counts.columnsFile.name, cell: ({ row }) => row?.bom_name },
              { name: "why", title: T.counts.columnsFile.why, cell: ({ one }) => <Named name={one.message} detail={one.remedy} /> },
            ]}
            rows={left.slice(0, SHOWN)}
            rowKey={({ row }) => row?.line ?? 0}
          />
        )}
      </Stack>
    </div>
  );
}
