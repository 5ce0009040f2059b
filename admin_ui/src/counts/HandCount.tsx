/** One count after the other: find, type, Enter. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { count } from "../formats";
import { Button, Field, Heading, Named, Panel, Stack, Table, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./HandCount.module.css";
import { type Counted, findPlaces, looksScanned, newKey, type PlaceFound, takeOver, typedCount } from "./queries";

interface Done extends Counted {
  key: string;
  name: string;
}

export function HandCount({ location, note }: { location: string; note: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [place, setPlace] = useState<PlaceFound | null>(null);
  const [done, setDone] = useState<readonly Done[]>([]);
  const find = useMutation({
    mutationFn: (search: string) => findPlaces(location, search),
    onSuccess: ({ items }) => {
      const exact = items.filter((one) => one.exact);
      const sure = exact.length === 1 ? exact[0] : items.length === 1 ? items[0] : undefined;
      if (sure !== undefined) setPlace(sure);
    },
  });
  const chosen = place?.bom_id;
  useEffect(() => {
    // Whoever scans has no hand free for the mouse.
    box.current?.querySelector("input")?.focus();
  }, [chosen]);
  const search = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") find.mutate(text.trim());
  };
  const next = () => {
    setPlace(null);
    setText("");
    find.reset();
  };
  return (
    <>
      <div ref={box} className={styles.big}>
        {place === null ? (
          <Stack gap="300">
            <form onSubmit={search} noValidate className={styles.line}>
              <Field label={T.counts.search} maxLength={200} value={text} onChange={setText} placeholder={T.counts.searchHelp} />
              <Button type="submit" isPending={find.isPending}>
                {T.counts.find}
              </Button>
            </form>
            {find.error !== null && <TroubleNote trouble={find.error} />}
            {find.data !== undefined && <Found items={find.data.items} more={find.data.more} text={find.variables} onPick={setPlace} />}
          </Stack>
        ) : (
          <CountOne
            key={place.bom_id}
            place={place}
            location={location}
            note={note}
            onDone={(counted, key) => {
              setDone((before) => [{ ...counted, key, name: place.bom_name }, ...before]);
              next();
            }}
            onOther={next}
          />
        )}
      </div>
      <Stack gap="200">
        <Heading level={2}>{T.counts.done}</Heading>
        {done.length === 0 ? <Text tone="subdued">{T.counts.doneEmpty}</Text> : <DoneTable done={done} />}
      </Stack>
    </>
  );
}

function Found({ items, more, text, onPick }: { items: readonly PlaceFound[]; more: boolean; text: string; onPick: (place: PlaceFound) => void }) {
  if (items.length === 0) {
    return (
      <div role="status">
        <Text>{T.counts.nothing(text)}</Text>
      </div>
    );
  }
  return (
    <>
      <div role="status">
        <Text tone="subdued">{more ? T.counts.more : T.counts.several}</Text>
      </div>
      <ul className={styles.found}>
        {items.map((place) => (
          <li key={place.bom_id} className={styles.one}>
            <span className={styles.what}>
              <Named strong name={place.bom_name} detail={place.sku === null ? place.bom_id : T.counts.sku(place.sku)} />
              <Text as="span">{T.counts.now(place.count)}</Text>
            </span>
            <Button onPress={() => onPick(place)} aria-label={T.counts.pickOf(place.bom_name)}>
              {T.counts.pick}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface CountOneProps {
  place: PlaceFound;
  location: string;
  note: string;
  onDone: (counted: Counted, key: string) => void;
  onOther: () => void;
}

function CountOne({ place, location, note, onDone, onOther }: CountOneProps) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  // A repeat of the same count goes by the same key: the answer to the first may have been lost.
  const sent = useRef({ key: newKey(), text: "" });
  const isScanned = looksScanned(text, place.sku);
  const value = isScanned ? null : typedCount(text);
  const field = useRef<HTMLFormElement>(null);
  const save = useMutation({
    mutationFn: async (counted: number) => {
      if (sent.current.text !== text) sent.current = { key: newKey(), text };
      const one = { bom_id: place.bom_id, location_id: location, count: counted, seen: place.count };
      const [item] = (await takeOver(sent.current.key, [one], note)).items;
      return item;
    },
    onSuccess: (item) => {
      void client.invalidateQueries({ queryKey: ["boms"] });
      if (item !== undefined) onDone(item, sent.current.key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (value !== null) save.mutate(value);
    // What comes next is typed in its place.
    else field.current?.querySelector("input")?.select();
  };
  return (
    <Panel label={place.bom_name}>
      <Named strong name={place.bom_name} detail={place.sku === null ? place.bom_id : T.counts.sku(place.sku)} />
      <Text>
        {T.counts.now(place.count)} · {T.counts.shopify(place.shopify_value)}
      </Text>
      <form ref={field} onSubmit={submit} noValidate>
        <Stack gap="300">
          <Field
            label={T.counts.counted}
            inputMode="numeric"
            maxLength={40}
            value={text}
            onChange={setText}
            error={tried && value === null ? (isScanned ? T.counts.scanned : T.counts.whole) : undefined}
          />
          {save.error !== null && <TroubleNote trouble={save.error} />}
          <div className={styles.line}>
            <Button type="submit" variant="primary" wide isPending={save.isPending}>
              {T.counts.save}
            </Button>
            <Button onPress={onOther}>{T.counts.other}</Button>
          </div>
        </Stack>
      </form>
    </Panel>
  );
}

function DoneTable({ done }: { done: readonly Done[] }) {
  return (
    <div aria-live="polite">
      <Table
        label={T.counts.done}
        columns={[
          { name: "name", title: T.counts.columns.name, cell: (one: Done) => <Named name={one.name} /> },
          { name: "before", title: T.counts.columns.before, number: true, cell: (one) => count(one.before) },
          { name: "after", title: T.counts.columns.after, number: true, cell: (one) => count(one.after) },
          {
            name: "outcome",
            title: T.counts.columns.outcome,
            cell: (one) => <Named name={T.counts.outcomes[one.outcome]} detail={one.outcome === "changed_meanwhile" ? one.message : [one.message, one.remedy].join(" ").trim()} />,
          },
        ]}
        rows={done}
        rowKey={(one) => one.key}
      />
    </div>
  );
}
