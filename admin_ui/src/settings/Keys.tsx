/** Keys by which other programs work in the shop: which there are, a new one, one taken back. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, type Schema } from "../api/client";
import { dateTime } from "../formats";
import { Badge, Button, Checkbox, Dialog, Field, Heading, Inline, Panel, Select, Skeleton, Stack, Text, toast } from "../kit";
import { ShownOnce } from "../parts/ShownOnce";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";

const TEXT = T.keys;
const TONES = { active: "success", expired: "attention", revoked: "critical" } as const;
const SCOPES = ["read", "count", "reconcile", "push", "manage"] as const;

type Key = Schema["KeyOut"];
type Made = Schema["KeyMade"];
type Scope = (typeof SCOPES)[number];
type Days = keyof typeof TEXT.days;

const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => body(api.GET("/api/keys", { signal })),
});

export function Keys() {
  const client = useQueryClient();
  const found = useQuery(keysQuery);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const [leaving, setLeaving] = useState<Key | null>(null);
  const changed = () => void client.invalidateQueries({ queryKey: keysQuery.queryKey });
  const working = found.data?.items.filter((key) => key.state === "active") ?? [];
  const ended = found.data?.items.filter((key) => key.state !== "active") ?? [];
  return (
    <Stack gap="400">
      <Heading level={2}>{TEXT.title}</Heading>
      <Text tone="subdued">{TEXT.intro}</Text>
      {found.data === undefined ? (
        found.error === null ? (
          <Skeleton label={T.loading} lines={3} />
        ) : (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        )
      ) : (
        <>
          {working.length === 0 && <Text>{TEXT.none}</Text>}
          {working.map((key) => (
            <One key={key.key_id} one={key} onRevoke={() => setLeaving(key)} />
          ))}
          <Inline>
            <Button onPress={() => setAdding(true)}>{TEXT.add}</Button>
          </Inline>
          {ended.length > 0 && (
            <>
              <Heading level={3}>{TEXT.ended}</Heading>
              {ended.map((key) => (
                <One key={key.key_id} one={key} />
              ))}
            </>
          )}
        </>
      )}
      {adding && (
        <AddDialog
          onClose={() => setAdding(false)}
          onMade={(key) => {
            setAdding(false);
            setMade(key);
            changed();
          }}
        />
      )}
      {made !== null && <MadeDialog made={made} onClose={() => setMade(null)} />}
      {leaving !== null && <RevokeDialog one={leaving} onClose={() => setLeaving(null)} onDone={changed} />}
    </Stack>
  );
}

function One({ one, onRevoke }: { one: Key; onRevoke?: () => void }) {
  return (
    <Panel label={one.name}>
      <Stack gap="200">
        <Inline gap="200">
          <strong>{one.name}</strong>
          <Badge tone={TONES[one.state]}>{TEXT.states[one.state]}</Badge>
        </Inline>
        <Text>{one.scopes.map((scope) => TEXT.scopes[scope]).join(" · ")}</Text>
        <Text tone="subdued">
          {[endOf(one), one.last_used_at === null ? TEXT.unused : TEXT.used(dateTime(one.last_used_at))].join(" · ")}
        </Text>
        <Text tone="subdued">{TEXT.by(one.created_by_name, dateTime(one.created_at))}</Text>
        {onRevoke !== undefined && (
          <Inline>
            <Button aria-label={TEXT.revokeOf(one.name)} tone="critical" onPress={onRevoke}>
              {TEXT.revoke}
            </Button>
          </Inline>
        )}
      </Stack>
    </Panel>
  );
}

function endOf(one: Key): string {
  if (one.revoked_at !== null) return TEXT.revoked(dateTime(one.revoked_at), one.revoked_by_name ?? T.dash);
  return one.state === "expired" ? TEXT.expired(dateTime(one.expires_at)) : TEXT.until(dateTime(one.expires_at));
}

function AddDialog({ onClose, onMade }: { onClose: () => void; onMade: (made: Made) => void }) {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<Scope>>(new Set(["read"]));
  const [days, setDays] = useState<Days>("90");
  const [tried, setTried] = useState(false);
  const valid = name.trim() !== "" && chosen.size > 0;
  const add = useMutation({
    mutationFn: () =>
      body(api.POST("/api/keys", { body: { name: name.trim(), scopes: SCOPES.filter((one) => chosen.has(one)), days: Number(days) } })),
    onSuccess: onMade,
  });
  const put = (scope: Scope, is: boolean) => {
    const next = new Set(chosen);
    if (is) next.add(scope);
    else next.delete(scope);
    // Writing to Shopify is something that runs do.
    if (is && scope === "push") next.add("reconcile");
    if (!is && scope === "reconcile") next.delete("push");
    setChosen(next);
  };
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    if (valid && !add.isPending) add.mutate();
  };
  return (
    <Dialog
      title={TEXT.add}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{T.close}</Button>
          <Button variant="primary" isPending={add.isPending} onPress={() => submit()}>
            {TEXT.make}
          </Button>
        </>
      }
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="400">
          <Field
            label={TEXT.name}
            help={TEXT.nameHelp}
            value={name}
            maxLength={100}
            error={tried && name.trim() === "" ? TEXT.nameWrong : undefined}
            onChange={setName}
          />
          <div role="group" aria-label={TEXT.may}>
            <Stack gap="200">
              <Heading level={3}>{TEXT.may}</Heading>
              {SCOPES.map((scope) => (
                <Checkbox key={scope} isSelected={chosen.has(scope)} onChange={(is) => put(scope, is)}>
                  {TEXT.scopes[scope]}
                </Checkbox>
              ))}
              {tried && chosen.size === 0 && <Text tone="caution">{TEXT.mayWrong}</Text>}
            </Stack>
          </div>
          <Select
            label={TEXT.lasts}
            value={days}
            options={(Object.keys(TEXT.days) as Days[]).map((value) => ({ value, label: TEXT.days[value] }))}
            onChange={setDays}
          />
          {add.error !== null && <TroubleNote trouble={add.error} />}
        </Stack>
      </form>
    </Dialog>
  );
}

function MadeDialog({ made, onClose }: { made: Made; onClose: () => void }) {
  return (
    <ShownOnce title={TEXT.made} secret={made.key} texts={TEXT} onClose={onClose}>
      <Text>{TEXT.madeText}</Text>
    </ShownOnce>
  );
}

function RevokeDialog({ one, onClose, onDone }: { one: Key; onClose: () => void; onDone: () => void }) {
  const revoke = useMutation({
    mutationFn: () => api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: one.key_id } } }),
    onSuccess: () => {
      toast({ text: TEXT.takenBack });
      onDone();
      onClose();
    },
  });
  return (
    <Dialog
      title={TEXT.revokeTitle(one.name)}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{TEXT.keep}</Button>
          <Button variant="primary" tone="critical" isPending={revoke.isPending} onPress={() => revoke.mutate()}>
            {TEXT.revoke}
          </Button>
        </>
      }
    >
      <Stack gap="300">
        <Text>{TEXT.revokeText}</Text>
        {revoke.error !== null && <TroubleNote trouble={revoke.error} />}
      </Stack>
    </Dialog>
  );
}
