/** The frame of every screen: navigation, the state of the connection, and the screen of the address. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { Link, Route, Router, Switch, useLocation } from "wouter";
import { href, useParams } from "./address";
import { shopQuery } from "./api/queries";
import { useReached } from "./api/reach";
import styles from "./App.module.css";
import { showTimesOf } from "./formats";
import { KeptPlace, Page, Skeleton, Toasts } from "./kit";
import { HelpButton } from "./help/HelpButton";
import { BomListPage } from "./list/BomListPage";
import { Bell } from "./notices/Bell";
import { Boundary } from "./parts/Boundary";
import { EmptyNote } from "./parts/EmptyNote";
import { LeavingDialog } from "./parts/LeavingDialog";
import { AdminFrame, EMBEDDED, useGuardedLocation } from "./shell";
import { T } from "./texts";

const HistoryPage = lazy(() => import("./history/HistoryPage"));
const JobPage = lazy(() => import("./history/JobPage"));
const PrintPage = lazy(() => import("./history/PrintPage"));
const StoryPage = lazy(() => import("./story/StoryPage"));
const DriftPage = lazy(() => import("./drift/DriftPage"));
const NotificationsPage = lazy(() => import("./notifications/NotificationsPage"));
const SchedulesPage = lazy(() => import("./schedules/SchedulesPage"));
const ImportPage = lazy(() => import("./import/ImportPage"));
const CountsPage = lazy(() => import("./counts/CountsPage"));
const SettingsPage = lazy(() => import("./settings/SettingsPage"));
const GuidePage = lazy(() => import("./help/GuidePage"));
const BomDialog = lazy(() => import("./mapping/BomDialog"));
const ReconcileDialog = lazy(() => import("./reconcile/ReconcileDialog"));

const PLACES = [
  ["/", T.navigation.boms],
  ["/counts", T.navigation.counts],
  ["/import", T.navigation.import],
  ["/history", T.navigation.history],
  ["/drift", T.navigation.drift],
  ["/schedules", T.navigation.schedules],
  ["/settings", T.navigation.settings],
] as const;

export function App() {
  return (
    <Router hook={useGuardedLocation}>
      <Frame />
      <LeavingDialog />
      <KeptPlace />
      <Toasts />
    </Router>
  );
}

function Frame() {
  const [path] = useLocation();
  const online = useReached();
  // Before anything below is drawn. What has shown a time by then is drawn again, since nothing between remembers.
  showTimesOf(useQuery(shopQuery).data?.time_zone);
  const [params] = useParams();
  const here = (place: string) => (place === "/" ? path === "/" : path.startsWith(place));
  const name = PLACES.find(([place]) => here(place))?.[1];
  const navigation = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = name === undefined ? T.app : `${name} · ${T.app}`;
    // On a phone the places stand in one line: where one is, is in sight.
    const nav = navigation.current;
    const current = nav?.querySelector<HTMLElement>("[aria-current]");
    if (nav != null && current != null) nav.scrollTo({ left: current.offsetLeft - nav.offsetLeft - nav.clientWidth / 3 });
  }, [name]);
  return (
    <>
      <a className={styles.skip} href="#content">
        {T.skip}
      </a>
      {EMBEDDED && <AdminFrame places={PLACES} />}
      <div className={styles.head}>
        {!EMBEDDED && (
          <nav ref={navigation} aria-label={T.app} className={styles.navigation}>
            {PLACES.map(([place, title]) => (
              <Link key={place} href={href(place)} aria-current={here(place) ? "page" : undefined}>
                {title}
              </Link>
            ))}
          </nav>
        )}
        <HelpButton path={path} />
        <Bell />
      </div>
      <div role="status" className={online ? styles.online : styles.offline}>
        {online ? "" : T.offline}
      </div>
      <main id="content" tabIndex={-1}>
        <Boundary key={path}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/" component={BomListPage} />
              <Route path="/history" component={HistoryPage} />
              <Route path="/history/:jobId/print">{({ jobId }) => <PrintPage key={jobId} jobId={jobId} />}</Route>
              <Route path="/history/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
              <Route path="/places/:bomId/:locationId">
                {({ bomId, locationId }) => <StoryPage key={`${bomId} ${locationId}`} bomId={bomId} locationId={locationId} />}
              </Route>
              <Route path="/drift" component={DriftPage} />
              <Route path="/schedules" component={SchedulesPage} />
              <Route path="/notifications" component={NotificationsPage} />
              <Route path="/import" component={ImportPage} />
              <Route path="/counts" component={CountsPage} />
              <Route path="/settings" component={SettingsPage} />
              <Route path="/help" component={GuidePage} />
              <Route>
                <EmptyNote title={T.trouble.missing[0]} text={T.trouble.missing[1]} />
              </Route>
            </Switch>
          </Suspense>
        </Boundary>
        {/* A run is asked for at its preview's address: meanwhile the dialog must not begin anew. */}
        {params.has("bom") && (
          <Boundary key={params.get("bom") ?? ""}>
            <Suspense fallback={null}>
              <BomDialog />
            </Suspense>
          </Boundary>
        )}
        {params.has("reconcile") && (
          <Boundary key={params.get("preview") ?? params.get("job") ?? ""}>
            <Suspense fallback={null}>
              <ReconcileDialog />
            </Suspense>
          </Boundary>
        )}
      </main>
    </>
  );
}

function Waiting() {
  return (
    <Page title={T.loading}>
      <Skeleton label={T.loading} lines={6} />
    </Page>
  );
}
