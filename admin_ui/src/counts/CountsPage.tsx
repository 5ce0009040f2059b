/** Taking stock: at one location, one by one or from a file. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "../address";
import { locationsQuery } from "../api/queries";
import { Card, Field, FieldGrid, Page, Select, Skeleton, Stack, Tabs, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { FileCount } from "./FileCount";
import { HandCount } from "./HandCount";

type Way = "hand" | "file";

export default function CountsPage() {
  const [params, change] = useParams();
  const locations = useQuery(locationsQuery);
  const [note, setNote] = useState("");
  const way: Way = params.get("way") === "file" ? "file" : "hand";
  const open = locations.data?.items.filter((place) => place.active && !place.fulfillment_service) ?? [];
  const only = open.length === 1 ? open[0]?.location_id : undefined;
  const location = params.get("at") ?? only ?? "";
  return (
    <Page title={T.counts.title} subtitle={T.counts.intro} narrow>
      <Card>
        {locations.data === undefined ? (
          locations.error === null ? (
            <Skeleton label={T.loading} lines={2} />
          ) : (
            <TroubleNote trouble={locations.error} again={() => void locations.refetch()} />
          )
        ) : (
          <FieldGrid>
            <Select
              label={T.counts.location}
              options={[
                { value: "", label: T.counts.choose },
                ...open.map((place) => ({ value: place.location_id, label: place.name })),
              ]}
              value={location}
              onChange={(at) => change({ at }, { replace: true })}
            />
            <Field label={T.counts.note} maxLength={500} value={note} onChange={setNote} />
          </FieldGrid>
        )}
      </Card>
      <Card>
        <Tabs
          label={T.counts.ways}
          tabs={[
            { name: "hand", title: T.counts.byHand },
            { name: "file", title: T.counts.byFile },
          ]}
          chosen={way}
          onChoose={(next: Way) => change({ way: next === "hand" ? null : next }, { replace: true })}
        >
          <Stack gap="400">
            {way === "file" ? (
              <FileCount location={location} note={note} />
            ) : location === "" ? (
              <Text tone="subdued">{T.counts.chooseFirst}</Text>
            ) : (
              <HandCount key={location} location={location} note={note} />
            )}
          </Stack>
        </Tabs>
      </Card>
    </Page>
  );
}
