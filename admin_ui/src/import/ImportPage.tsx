/** Importing BOMs: a file is looked at first, and made once the merchant says so. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { dateTime } from "../formats";
import { Badge, Banner, Button, Card, Checkbox, FilePicker, Heading, Inline, Named, Page, Skeleton, Stack, Table, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { ask, goesOn, type Import, importsQuery, LARGEST } from "./queries";
import { ThisImport } from "./ThisImport";

const TEMPLATE = "name,sku,variant,tags,tracks_pre_assembled,bom_id\r\nOak table,TABLE-OAK,,furniture;oak,yes,\r\n";

export default function ImportPage() {
  const found = useQuery(importsQuery);
  const [first, ...rest] = found.data?.items ?? [];
  return (
    <Page title={T.imports.title} subtitle={T.imports.intro} narrow>
      {first !== undefined && first.state !== "discarded" && first.state !== "replaced" && (
        <Card>
          <ThisImport key={first.import_id} one={first} />
        </Card>
      )}
      <Card>
        {found.data === undefined ? (
          found.error === null ? (
            <Skeleton label={T.loading} lines={4} />
          ) : (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          )
        ) : (
          <Choose busy={first !== undefined && goesOn(first)} />
        )}
      </Card>
      {rest.length > 0 && (
        <Card>
          <Stack gap="300">
            <Heading level={2}>{T.imports.before}</Heading>
            <Earlier imports={rest} />
          </Stack>
        </Card>
      )}
    </Page>
  );
}

function Choose({ busy }: { busy: boolean }) {
  const client = useQueryClient();
  const [tracks, setTracks] = useState(false);
  const [large, setLarge] = useState(false);
  const send = useMutation({
    mutationFn: (file: File | null) => ask(file, tracks),
    onSuccess: () => client.invalidateQueries({ queryKey: ["imports"] }),
  });
  const pick = (file: File) => {
    send.reset();
    setLarge(file.size > LARGEST);
    if (file.size <= LARGEST) send.mutate(file);
  };
  return (
    <Stack gap="400">
      <Heading level={2}>{T.imports.from}</Heading>
      <Checkbox isSelected={tracks} onChange={setTracks}>
        {T.imports.tracks}
      </Checkbox>
      <Stack gap="200">
        <Text tone="subdued">{T.imports.fileHelp}</Text>
        <Inline>
          <FilePicker label={T.imports.file} accept=".csv,.txt,.json,text/csv,application/json" isPending={send.isPending} isDisabled={busy} onPick={pick} />
          <Button onPress={saveTemplate}>{T.imports.template}</Button>
        </Inline>
      </Stack>
      <Stack gap="200">
        <Text tone="subdued">{T.imports.everyHelp}</Text>
        <Inline>
          <Button isDisabled={busy} isPending={send.isPending} onPress={() => send.mutate(null)}>
            {T.imports.every}
          </Button>
        </Inline>
      </Stack>
      {large && <Banner tone="critical" title={T.imports.large} />}
      {send.error !== null && <TroubleNote trouble={send.error} />}
    </Stack>
  );
}

function saveTemplate(): void {
  const url = URL.createObjectURL(new Blob([TEMPLATE], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "boms.csv";
  link.click();
  URL.revokeObjectURL(url);
}

function Earlier({ imports }: { imports: readonly Import[] }) {
  return (
    <Table
      label={T.imports.before}
      columns={[
        { name: "file", title: T.imports.from, cell: (one: Import) => <Named name={one.file_name ?? T.imports.allVariants} detail={T.imports.asked(T.settings.person(one.requested_by), dateTime(one.started_at))} /> },
        { name: "state", title: T.imports.current, cell: (one) => <Badge>{T.imports.states[one.state]}</Badge> },
      ]}
      rows={imports}
      rowKey={(one) => one.import_id}
    />
  );
}
