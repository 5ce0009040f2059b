/** E-mails: to whom, and of what. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { Badge, Banner, Button, Field, Heading, Inline, Stack, Text, toast } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./Notifications.module.css";
import { MatterChoice } from "./MatterChoice";
import { type Matter, type Notifications, notificationsQuery } from "./queries";

const TEXT = T.notifications;
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const CODE = /^[0-9]{8}$/;

type MailOut = Notifications["mail"];

export function Mail({ mail, matters }: { mail: MailOut; matters: readonly Matter[] }) {
  return (
    <Stack gap="400">
      <Heading level={2}>{TEXT.mail}</Heading>
      {mail.set_up ? (
        <>
          <Text tone="subdued">{TEXT.mailFrom(mail.sender ?? "")}</Text>
          {mail.trouble !== null && <Banner tone="warning">{TEXT.mailTrouble(mail.trouble)}</Banner>}
          <Addresses addresses={mail.addresses} />
          <Matters chosen={mail.matters} matters={matters} />
        </>
      ) : (
        <Banner tone="info" title={TEXT.mailOff}>
          <p>{TEXT.mailOffText}</p>
        </Banner>
      )}
    </Stack>
  );
}

/** Something that answers with how things stand afterwards. */
function useChange<V>(change: (value: V) => Promise<Notifications>, done?: (value: V) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (now, value) => {
      void client.cancelQueries({ queryKey: notificationsQuery.queryKey });
      client.setQueryData(notificationsQuery.queryKey, now);
      done?.(value);
    },
  });
}

function Addresses({ addresses }: { addresses: MailOut["addresses"] }) {
  const [address, setAddress] = useState("");
  const [tried, setTried] = useState(false);
  const add = useChange(
    (text: string) => body(api.POST("/api/notifications/mail/addresses", { body: { address: text } })),
    () => {
      setAddress("");
      setTried(false);
    },
  );
  const valid = ADDRESS.test(address.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (valid) add.mutate(address.trim());
  };
  return (
    <Stack gap="300">
      {addresses.length === 0 && <Text>{TEXT.noAddresses}</Text>}
      {addresses.map((one) => (
        <Address key={one.address} address={one.address} confirmed={one.confirmed} onAgain={() => add.mutate(one.address)} />
      ))}
      <form onSubmit={submit} noValidate>
        <Stack gap="200">
          <Field
            label={TEXT.address}
            value={address}
            maxLength={254}
            error={tried && !valid ? TEXT.addressWrong : undefined}
            onChange={setAddress}
          />
          {add.error !== null && <TroubleNote trouble={add.error} />}
          <Inline>
            <Button type="submit" isPending={add.isPending}>
              {TEXT.addAddress}
            </Button>
          </Inline>
        </Stack>
      </form>
    </Stack>
  );
}

function Address({ address, confirmed, onAgain }: { address: string; confirmed: boolean; onAgain: () => void }) {
  const [code, setCode] = useState("");
  const [tried, setTried] = useState(false);
  const remove = useChange(
    () => body(api.POST("/api/notifications/mail/addresses/remove", { body: { address } })),
    () => toast({ text: TEXT.removed }),
  );
  const confirm = useChange((text: string) =>
    body(api.POST("/api/notifications/mail/addresses/confirm", { body: { address, code: text } })),
  );
  const test = useMutation({
    mutationFn: () => api.POST("/api/notifications/mail/addresses/test", { body: { address } }),
    onSuccess: () => toast({ text: TEXT.tested(address), tone: "success" }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (CODE.test(code.trim())) confirm.mutate(code.trim());
  };
  const trouble = remove.error ?? confirm.error ?? test.error;
  return (
    <Stack gap="200">
      <Inline>
        <strong className={styles.long}>{address}</strong>
        <Badge tone={confirmed ? "success" : "attention"}>{confirmed ? TEXT.confirmed : TEXT.unconfirmed}</Badge>
        {confirmed && (
          <Button aria-label={TEXT.testOf(address)} isPending={test.isPending} onPress={() => test.mutate()}>
            {TEXT.test}
          </Button>
        )}
        <Button aria-label={TEXT.removeOf(address)} isPending={remove.isPending} onPress={() => remove.mutate(undefined)}>
          {TEXT.remove}
        </Button>
      </Inline>
      {!confirmed && (
        <form onSubmit={submit} noValidate>
          <Stack gap="200">
            <Field
              label={TEXT.code}
              help={TEXT.codeHelp}
              inputMode="numeric"
              maxLength={8}
              value={code}
              error={tried && !CODE.test(code.trim()) ? TEXT.codeWrong : undefined}
              onChange={setCode}
            />
            <Inline>
              <Button type="submit" isPending={confirm.isPending}>
                {TEXT.confirm}
              </Button>
              <Button variant="plain" onPress={onAgain}>
                {TEXT.again}
              </Button>
            </Inline>
          </Stack>
        </form>
      )}
      {trouble !== null && <TroubleNote trouble={trouble} />}
    </Stack>
  );
}

function Matters({ chosen, matters }: { chosen: readonly Matter[]; matters: readonly Matter[] }) {
  const choose = useChange(
    (next: ReadonlySet<Matter>) => body(api.PUT("/api/notifications/mail", { body: { matters: [...next] } })),
    () => toast({ text: TEXT.saved, tone: "success" }),
  );
  // Shown as chosen while it is being saved.
  const now = choose.isPending ? choose.variables : new Set(chosen);
  return (
    <Stack gap="200">
      <Heading level={3}>{TEXT.by}</Heading>
      <MatterChoice label={TEXT.by} matters={matters} chosen={now} onChoose={(next) => choose.mutate(next)} />
      {choose.error !== null && <TroubleNote trouble={choose.error} />}
    </Stack>
  );
}
