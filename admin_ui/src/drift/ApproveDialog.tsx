/** What a repair would do, by location, and the merchant's choice of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button, Checkbox, Dialog, Skeleton, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { CLASS_NAMES, T } from "../texts";
import { approve, type OpenAt, repairPlanQuery } from "./queries";

interface Place {
  id: string;
  name: string;
  /** What waits there, by class. */
  open: readonly OpenAt[];
}

export function ApproveDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const plan = useQuery(repairPlanQuery);
  const [without, setWithout] = useState<readonly string[]>([]);
  const places = placesOf(plan.data?.items ?? []);
  const chosen = places.filter((place) => !without.includes(place.id));
  const waiting = (some: readonly Place[]) => some.flatMap((place) => place.open).reduce((sum, one) => sum + one.cells - one.approved, 0);
  const say = useMutation({
    mutationFn: () => approve(chosen.length === places.length ? {} : { location_ids: chosen.map((place) => place.id) }),
    onSuccess: () => {
      onClose();
      void client.invalidateQueries({ queryKey: ["drift"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  return (
    <Dialog
      title={T.drift.approve}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{T.drift.notYet}</Button>
          <Button variant="primary" isPending={say.isPending} isDisabled={chosen.length === 0} onPress={() => say.mutate()}>
            {T.drift.approveNumber(waiting(chosen))}
          </Button>
        </>
      }
    >
      <Stack gap="300">
        {plan.data === undefined ? (
          plan.error === null ? (
            <Skeleton label={T.loading} lines={4} />
          ) : (
            <TroubleNote trouble={plan.error} again={() => void plan.refetch()} />
          )
        ) : (
          <>
            <Text>{T.drift.approveAsk}</Text>
            <div role="group" aria-label={T.drift.approveWhere}>
              <Stack gap="200">
                {places.map((place) => (
                  <Stack key={place.id} gap="100">
                    <Checkbox
                      isSelected={!without.includes(place.id)}
                      onChange={(with_) => setWithout(with_ ? without.filter((id) => id !== place.id) : [...without, place.id])}
                    >
                      {T.drift.approveAt(place.name, waiting([place]))}
                    </Checkbox>
                    {place.open.map((one) => (
                      <Text key={one.cell_class} tone="subdued">
                        {T.drift.approveClass(CLASS_NAMES[one.cell_class], one.cells - one.approved, one.largest_move)}
                      </Text>
                    ))}
                  </Stack>
                ))}
              </Stack>
            </div>
            <Text>{T.drift.approveKeeps}</Text>
            {chosen.length < places.length && <Text>{T.drift.approveRest(waiting(places) - waiting(chosen))}</Text>}
          </>
        )}
        {say.error !== null && <TroubleNote trouble={say.error} again={() => say.mutate()} />}
      </Stack>
    </Dialog>
  );
}

function placesOf(items: readonly OpenAt[]): Place[] {
  const open = items.filter((one) => one.cells > one.approved);
  const ids = [...new Set(open.map((one) => one.location_id))];
  return ids.map((id) => {
    const here = open.filter((one) => one.location_id === id);
    return { id, name: here[0]?.location_name ?? id, open: here };
  });
}
