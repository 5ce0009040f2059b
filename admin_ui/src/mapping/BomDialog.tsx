/** One BOM: its name, whether it is counted, and which product of Shopify's it stands for. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useParams } from "../address";
import { api, body, type Schema } from "../api/client";
import { Banner, Button, Checkbox, Dialog, Field, Heading, Named, Skeleton, Stack, Text, toast } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./BomDialog.module.css";

type Bom = Schema["BomListed"];
type Variant = Schema["VariantOut"];

const bomQuery = (bomId: string) =>
  queryOptions({
    queryKey: ["boms", "one", bomId],
    queryFn: async ({ signal }) => {
      const { items } = await body(api.GET("/api/boms", { signal, params: { query: { search: bomId, limit: 250 } } }));
      return items.find((bom) => bom.bom_id === bomId) ?? null;
    },
  });

export default function BomDialog() {
  const [params, change] = useParams();
  const bomId = params.get("bom") ?? "";
  const found = useQuery(bomQuery(bomId));
  const close = () => change({ bom: null });
  if (found.data === undefined || found.data === null) {
    return (
      <Dialog title={T.mapping.title(bomId)} onClose={close}>
        {found.data === null ? (
          <Text>{T.trouble.missing[1]}</Text>
        ) : found.error === null ? (
          <Skeleton label={T.loading} lines={4} />
        ) : (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        )}
      </Dialog>
    );
  }
  return <Edit bom={found.data} onClose={close} />;
}

function Edit({ bom, onClose }: { bom: Bom; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(bom.name);
  const [tracks, setTracks] = useState(bom.tracks_pre_assembled);
  const [variant, setVariant] = useState<Variant | null>(null);
  const [removing, setRemoving] = useState(false);
  const done = (text: string) => {
    void client.invalidateQueries({ queryKey: ["boms"] });
    toast({ text });
    onClose();
  };
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/boms", {
          body: {
            bom_id: bom.bom_id,
            inventory_item_id: variant?.inventory_item_id ?? bom.inventory_item_id,
            name: name.trim(),
            ...(tracks === bom.tracks_pre_assembled ? {} : { tracks_pre_assembled: tracks }),
          },
        }),
      ),
    onSuccess: () => done(T.mapping.saved),
  });
  const remove = useMutation({
    mutationFn: async () => {
      await api.DELETE("/api/boms/{bom_id}", { params: { path: { bom_id: bom.bom_id } } });
    },
    onSuccess: () => done(T.mapping.removed(bom.name)),
  });
  const isChanged = variant !== null || name.trim() !== bom.name || tracks !== bom.tracks_pre_assembled;
  return (
    <Dialog
      title={T.mapping.title(bom.name)}
      onClose={onClose}
      footer={
        <>
          {removing ? (
            <Button tone="critical" isPending={remove.isPending} onPress={() => remove.mutate()}>
              {T.mapping.removeYes}
            </Button>
          ) : (
            <Button onPress={() => setRemoving(true)}>{T.mapping.remove}</Button>
          )}
          <Button onPress={onClose}>{T.mapping.cancel}</Button>
          <Button variant="primary" isDisabled={!isChanged || name.trim() === ""} isPending={save.isPending} onPress={() => save.mutate()}>
            {T.mapping.save}
          </Button>
        </>
      }
    >
      <Stack gap="400">
        {removing && (
          <div role="status">
            <Banner tone="warning">{T.mapping.removeText}</Banner>
          </div>
        )}
        {remove.error !== null && <TroubleNote trouble={remove.error} />}
        {save.error !== null && <TroubleNote trouble={save.error} />}
        <Field label={T.mapping.name} maxLength={500} value={name} onChange={setName} />
        <Stack gap="100">
          <Checkbox isSelected={tracks} onChange={setTracks}>
            {T.mapping.tracks}
          </Checkbox>
          <Text tone="subdued">{T.mapping.tracksHelp}</Text>
        </Stack>
        <Stack gap="200">
          <Heading level={3}>{T.mapping.now}</Heading>
          <Text>{T.mapping.item(bom.inventory_item_id)}</Text>
          <FindVariant bom={bom} chosen={variant} onChoose={setVariant} />
        </Stack>
      </Stack>
    </Dialog>
  );
}

function FindVariant({ bom, chosen, onChoose }: { bom: Bom; chosen: Variant | null; onChoose: (variant: Variant) => void }) {
  const [text, setText] = useState("");
  const find = useMutation({
    mutationFn: (search: string) => body(api.GET("/api/variants", { params: { query: { search } } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") find.mutate(text.trim());
  };
  return (
    <Stack gap="300">
      {chosen !== null && (
        <div role="status">
          <Banner tone="warning" title={T.mapping.chosen(chosen.name)}>
            <p>{T.mapping.means}</p>
          </Banner>
        </div>
      )}
      <form onSubmit={submit} noValidate className={styles.line}>
        <Field label={T.mapping.search} placeholder={T.mapping.searchHint} maxLength={200} value={text} onChange={setText} />
        <Button type="submit" isPending={find.isPending}>
          {T.counts.find}
        </Button>
      </form>
      {find.error !== null && <TroubleNote trouble={find.error} />}
      <div role="status">
        {find.data !== undefined && (
          <Text tone="subdued">{find.data.items.length === 0 ? T.mapping.none : find.data.more ? T.mapping.more : T.mapping.found(find.data.items.length)}</Text>
        )}
      </div>
      {find.data !== undefined && find.data.items.length > 0 && (
        <ul className={styles.found}>
          {find.data.items.map((one) => (
            <li key={one.variant_id} className={styles.one}>
              <span className={styles.what}>
                <Named
                  strong
                  name={one.name}
                  detail={[
                    one.sku === null ? "" : T.mapping.sku(one.sku),
                    one.barcode === null ? "" : T.mapping.barcode(one.barcode),
                    one.tracked ? "" : T.mapping.untracked,
                    one.bundle ? T.mapping.bundle : "",
                    one.bom_id === null || one.bom_id === bom.bom_id ? "" : T.mapping.taken(one.bom_name ?? one.bom_id),
                  ]
                    .filter((part) => part !== "")
                    .join(" · ")}
                />
              </span>
              <Button
                isDisabled={one.bom_id !== null || one.inventory_item_id === chosen?.inventory_item_id}
                onPress={() => onChoose(one)}
                aria-label={T.mapping.chooseOf(one.name)}
              >
                {T.mapping.choose}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}
