/** Who is told of what, by which way. */
import { useQuery } from "@tanstack/react-query";
import { Card, Page, Skeleton } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { Mail } from "./Mail";
import { notificationsQuery } from "./queries";
import { Targets } from "./Targets";

export default function NotificationsPage() {
  const found = useQuery(notificationsQuery);
  return (
    <Page title={T.notifications.title} subtitle={T.notifications.intro} narrow>
      {found.data === undefined ? (
        <Card>
          {found.error === null ? (
            <Skeleton label={T.loading} lines={6} />
          ) : (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          )}
        </Card>
      ) : (
        <>
          <Card>
            <Mail mail={found.data.mail} matters={found.data.matters.map((one) => one.matter)} />
          </Card>
          <Card>
            <Targets targets={found.data.targets} matters={found.data.matters.map((one) => one.matter)} />
          </Card>
        </>
      )}
    </Page>
  );
}
