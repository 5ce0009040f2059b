/** Addresses of other programs that are told of the same. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ulid } from "ulid";
import { api, body, type Schema } from "../api/client";
import { dateTime } from "../formats";
import { Badge, Button, Dialog, Field, Heading, Inline, Panel, Stack, Text, toast } from "../kit";
import { ShownOnce } from "../parts/ShownOnce";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { Deliveries } from "./Deliveries";
import { MatterChoice } from "./MatterChoice";
import styles from "./Notifications.module.css";
import { type Matter, notificationsQuery, type Target } from "./queries";

const TEXT = T.notifications;

type Made = Schema["WebhookTargetMade"];

export function Targets({ targets, matters }: { targets: readonly Target[]; matters: readonly Matter[] }) {
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const [sent, setSent] = useState<Target | null>(null);
  const changed = () => client.invalidateQueries({ queryKey: notificationsQuery.queryKey, exact: true });
  const show = (target: Made) => {
    setMade(target);
    void changed();
  };
  return (
    <Stack gap="400">
      <Heading level={2}>{TEXT.targets}</Heading>
      <Text tone="subdued">{TEXT.targetsText}</Text>
      {targets.length === 0 && <Text>{TEXT.noTargets}</Text>}
      {targets.map((target) => (
        <One key={target.target_id} target={target} onSecret={show} onSent={() => setSent(target)} onChanged={() => void changed()} />
      ))}
      <Inline>
        <Button onPress={() => setAdding(true)}>{TEXT.addTarget}</Button>
      </Inline>
      {adding && (
        <AddDialog
          matters={matters}
          onClose={() => setAdding(false)}
          onMade={(target) => {
            setAdding(false);
            show(target);
          }}
        />
      )}
      {made !== null && <SecretDialog made={made} onClose={() => setMade(null)} />}
      {sent !== null && <Deliveries target={sent} onClose={() => setSent(null)} />}
    </Stack>
  );
}

interface OneProps {
  target: Target;
  onSecret: (made: Made) => void;
  onSent: () => void;
  onChanged: () => void;
}

function One({ target, onSecret, onSent, onChanged }: OneProps) {
  const { url, enabled } = target;
  const path = { target_id: target.target_id };
  const put = useMutation({
    mutationFn: (is: boolean) =>
      body(
        api.PUT("/api/notifications/targets/{target_id}", {
          params: { path },
          body: { url, matters: target.matters, enabled: is },
        }),
      ),
    onSuccess: onChanged,
  });
  const rotate = useMutation({
    mutationFn: () => body(api.POST("/api/notifications/targets/{target_id}/secret", { params: { path } })),
    onSuccess: onSecret,
  });
  const test = useMutation({
    mutationFn: () => body(api.POST("/api/notifications/targets/{target_id}/test", { params: { path } })),
    onSuccess: () => toast({ text: TEXT.tested(url), tone: "success" }),
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/notifications/targets/{target_id}", { params: { path } }),
    onSuccess: () => {
      toast({ text: TEXT.removed });
      onChanged();
    },
  });
  const trouble = put.error ?? rotate.error ?? test.error ?? remove.error;
  const why =
    target.disabled_at !== null ? TEXT.disabled(dateTime(target.disabled_at)) : target.failing_since !== null ? TEXT.failing(dateTime(target.failing_since)) : null;
  return (
    <Panel label={url}>
      <Stack gap="200">
        <Inline gap="200">
          <strong className={styles.long}>{url}</strong>
          <Badge tone={enabled ? (why === null ? "success" : "attention") : "critical"}>{enabled ? TEXT.working : TEXT.off}</Badge>
        </Inline>
        <Text tone="subdued">{target.matters === null ? TEXT.everything : TEXT.some(target.matters.length)}</Text>
        {why !== null && <Text tone="caution">{why}</Text>}
        <Inline gap="200">
          <Button aria-label={TEXT.sentOf(url)} onPress={onSent}>
            {TEXT.sent}
          </Button>
          <Button aria-label={TEXT.testOf(url)} isPending={test.isPending} onPress={() => test.mutate()}>
            {TEXT.test}
          </Button>
          <Button isPending={put.isPending} onPress={() => put.mutate(!enabled)}>
            {enabled ? TEXT.switchOff : TEXT.switchOn}
          </Button>
          <Button aria-label={TEXT.rotateOf(url)} isPending={rotate.isPending} onPress={() => rotate.mutate()}>
            {TEXT.rotate}
          </Button>
          <Button aria-label={TEXT.removeOf(url)} tone="critical" isPending={remove.isPending} onPress={() => remove.mutate()}>
            {TEXT.remove}
          </Button>
        </Inline>
        {trouble !== null && <TroubleNote trouble={trouble} />}
      </Stack>
    </Panel>
  );
}

interface AddDialogProps {
  matters: readonly Matter[];
  onClose: () => void;
  onMade: (made: Made) => void;
}

function AddDialog({ matters, onClose, onMade }: AddDialogProps) {
  const [target_id] = useState(() => ulid());
  const [url, setUrl] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<Matter>>(new Set(matters));
  const [tried, setTried] = useState(false);
  const valid = /^https?:\/\/\S+$/.test(url.trim());
  const add = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/notifications/targets/{target_id}", {
          params: { path: { target_id } },
          body: { url: url.trim(), matters: chosen.size === matters.length ? null : [...chosen], enabled: true },
        }),
      ),
    onSuccess: (target) => onMade(target as Made),
  });
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    if (valid) add.mutate();
  };
  return (
    <Dialog
      title={TEXT.addTarget}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{T.close}</Button>
          <Button variant="primary" isPending={add.isPending} onPress={() => submit()}>
            {TEXT.addTarget}
          </Button>
        </>
      }
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="400">
          <Field
            type="url"
            label={TEXT.url}
            placeholder="https://"
            value={url}
            error={tried && !valid ? TEXT.urlWrong : undefined}
            onChange={setUrl}
          />
          <Heading level={3}>{TEXT.of}</Heading>
          <MatterChoice label={TEXT.of} matters={matters} chosen={chosen} onChoose={setChosen} />
          {add.error !== null && <TroubleNote trouble={add.error} />}
        </Stack>
      </form>
    </Dialog>
  );
}

function SecretDialog({ made, onClose }: { made: Made; onClose: () => void }) {
  return (
    <ShownOnce title={TEXT.secret} secret={made.secret} texts={TEXT} onClose={onClose}>
      <Text>{TEXT.secretText}</Text>
      {made.two_secrets_until !== null && <Text>{TEXT.rotated}</Text>}
    </ShownOnce>
  );
}
