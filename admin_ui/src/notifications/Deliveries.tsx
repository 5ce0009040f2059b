/** What was sent to an address, and how it went. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { dateTime } from "../formats";
import { Badge, Button, type Column, Dialog, Named, Skeleton, Stack, Table, Text, toast } from "../kit";
import { MorePages } from "../parts/MorePages";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { deliveriesQuery, type Delivery, type Target } from "./queries";

const TEXT = T.notifications;
const TONES = { due: "info", sent: "success", failed: "critical", dropped: "attention" } as const;

export function Deliveries({ target, onClose }: { target: Target; onClose: () => void }) {
  const client = useQueryClient();
  const pages = useInfiniteQuery(deliveriesQuery(target.target_id));
  const replay = useMutation({
    mutationFn: (delivery_id: string) =>
      body(api.POST("/api/notifications/deliveries/{delivery_id}/replay", { params: { path: { delivery_id } } })),
    onSuccess: () => {
      toast({ text: TEXT.replayed, tone: "success" });
      void client.invalidateQueries({ queryKey: deliveriesQuery(target.target_id).queryKey });
    },
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const columns: Column<Delivery>[] = [
    { name: "when", title: TEXT.columns.when, cell: (one) => <Named name={dateTime(one.at)} /> },
    { name: "what", title: TEXT.columns.what, cell: (one) => one.event },
    {
      name: "state",
      title: TEXT.columns.state,
      cell: (one) => (
        <Named
          name={<Badge tone={TONES[one.state]}>{TEXT.states[one.state]}</Badge>}
          detail={[TEXT.tries(one.tries), one.detail, one.next_try_at === null || one.tries === 0 ? null : TEXT.next(dateTime(one.next_try_at))]
            .filter((part) => part !== null)
            .join(", ")}
        />
      ),
    },
    {
      name: "actions",
      title: TEXT.columns.actions,
      cell: (one) =>
        one.state === "due" ? (
          T.dash
        ) : (
          <Button aria-label={TEXT.replayOf(dateTime(one.at))} onPress={() => replay.mutate(one.delivery_id)}>
            {TEXT.replay}
          </Button>
        ),
    },
  ];
  return (
    <Dialog title={TEXT.sentOf(target.url)} onClose={onClose} wide footer={<Button onPress={onClose}>{T.close}</Button>}>
      <Stack gap="300">
        {replay.error !== null && <TroubleNote trouble={replay.error} />}
        {pages.data === undefined ? (
          pages.error === null ? (
            <Skeleton label={T.loading} lines={4} />
          ) : (
            <TroubleNote trouble={pages.error} again={() => void pages.refetch()} />
          )
        ) : rows.length === 0 ? (
          <Text>{TEXT.noneSent}</Text>
        ) : (
          <Table label={TEXT.sentOf(target.url)} columns={columns} rows={rows} rowKey={(one) => one.delivery_id} />
        )}
        <MorePages found={pages} title={TEXT.older} />
      </Stack>
    </Dialog>
  );
}
