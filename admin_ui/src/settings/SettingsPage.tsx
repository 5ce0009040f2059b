/** What holds for every run of the shop, and who has changed it. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { href } from "../address";
import { api, body, type Schema } from "../api/client";
import { PolicyForm } from "../drift/PolicyForm";
import { count, dateTime, percent } from "../formats";
import { Button, Card, Checkbox, Heading, Inline, Page, SaveBar, Skeleton, Stack, Table, Text, toast } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { Keys } from "./Keys";

type Settings = Schema["SettingsOut"];
type Change = Settings["changes"][number];

const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => body(api.GET("/api/settings", { signal })),
});

export default function SettingsPage() {
  const settings = useQuery(settingsQuery);
  const [, navigate] = useLocation();
  return (
    <Page title={T.settings.title} subtitle={T.settings.intro} narrow>
      {settings.data === undefined ? (
        <Card>
          {settings.error === null ? (
            <Skeleton label={T.loading} lines={6} />
          ) : (
            <TroubleNote trouble={settings.error} again={() => void settings.refetch()} />
          )}
        </Card>
      ) : (
        <>
          <Card>
            <Runs settings={settings.data} />
          </Card>
          <Card>
            <Stack gap="300">
              <Text tone="subdued">{T.settings.repairsText}</Text>
              <PolicyForm />
            </Stack>
          </Card>
          <Card>
            <Keys />
          </Card>
          <Card>
            <Stack gap="300">
              <Heading level={2}>{T.settings.told}</Heading>
              <Text tone="subdued">{T.settings.toldText}</Text>
              <Inline>
                <Button onPress={() => navigate(href("/notifications"))}>{T.settings.toldOpen}</Button>
              </Inline>
            </Stack>
          </Card>
          <Card>
            <Stack gap="300">
              <Heading level={2}>{T.settings.changes}</Heading>
              {settings.data.changes.length === 0 ? (
                <Text tone="subdued">{T.settings.noChanges}</Text>
              ) : (
                <Changes changes={settings.data.changes} />
              )}
            </Stack>
          </Card>
        </>
      )}
    </Page>
  );
}

function Runs({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const saved = { allow_negative: settings.allow_negative, activate: settings.activate };
  const [chosen, setChosen] = useState<Partial<typeof saved>>({});
  const now = { ...saved, ...chosen };
  const isDirty = now.allow_negative !== saved.allow_negative || now.activate !== saved.activate;
  const save = useMutation({
    mutationFn: () => body(api.PUT("/api/settings", { body: now })),
    onSuccess: async (answer) => {
      // What was asked for before, for the other form of this screen, would put back what it has read.
      await client.cancelQueries({ queryKey: settingsQuery.queryKey });
      client.setQueryData(settingsQuery.queryKey, answer);
      setChosen({});
      void client.invalidateQueries({ queryKey: settingsQuery.queryKey });
      toast({ text: T.settings.saved });
    },
  });
  return (
    <Stack gap="400">
      <Heading level={2}>{T.settings.runs}</Heading>
      <Stack gap="100">
        <Checkbox isSelected={now.allow_negative} onChange={(allow_negative) => setChosen({ ...chosen, allow_negative })}>
          {T.settings.negative}
        </Checkbox>
        <Text tone="subdued">{T.settings.negativeHelp}</Text>
      </Stack>
      <Stack gap="100">
        <Checkbox isSelected={now.activate} onChange={(activate) => setChosen({ ...chosen, activate })}>
          {T.settings.activate}
        </Checkbox>
        <Text tone="subdued">{T.settings.activateHelp}</Text>
      </Stack>
      {save.error !== null && <TroubleNote trouble={save.error} />}
      <SaveBar isDirty={isDirty} isSaving={save.isPending} onSave={() => save.mutate()} onDiscard={() => setChosen({})} />
    </Stack>
  );
}

/** A setting's value as its form says it. */
function inWords(setting: string, value: Change["before"]): string {
  if (value === null) return T.settings.off;
  if (typeof value === "boolean") return value ? T.settings.on : T.settings.off;
  if (typeof value === "number") return setting === "drift_max_share" ? percent(value) : count(value);
  return setting === "drift_mode" ? ((T.drift.modes as Readonly<Record<string, string>>)[value] ?? value) : value;
}

function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <Table
      label={T.settings.changes}
      columns={[
        { name: "when", title: T.settings.columns.when, cell: (one: Change) => dateTime(one.at) },
        { name: "what", title: T.settings.columns.what, cell: (one) => T.settings.names[one.setting] ?? one.setting },
        { name: "change", title: T.settings.columns.change, cell: (one) => T.settings.from(inWords(one.setting, one.before), inWords(one.setting, one.after)) },
        { name: "who", title: T.settings.columns.who, cell: (one) => T.settings.person(one.by) },
      ]}
      rows={changes}
      rowKey={(one) => `${one.at} ${one.setting}`}
    />
  );
}
