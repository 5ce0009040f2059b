/** The frame of every screen: navigation, the state of the connection, and the screen of the address. */
import { lazy, Suspense, useEffect } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { href, useParams } from "./address";
import { useReached } from "./api/reach";
import { Box, KitProvider, Spinner } from "./kit";
import { BomListPage } from "./list/BomListPage";
import { Boundary } from "./parts/Boundary";
import { EmptyNote } from "./parts/EmptyNote";
import { T } from "./texts";

const HistoryPage = lazy(() => import("./history/HistoryPage"));
const JobPage = lazy(() => import("./history/JobPage"));
const DriftPage = lazy(() => import("./drift/DriftPage"));
const SchedulesPage = lazy(() => import("./schedules/SchedulesPage"));
const ReconcileDialog = lazy(() => import("./reconcile/ReconcileDialog"));

const PLACES = [
  ["/", T.navigation.boms],
  ["/history", T.navigation.history],
  ["/drift", T.navigation.drift],
  ["/schedules", T.navigation.schedules],
] as const;

export function App() {
  const [path] = useLocation();
  const online = useReached();
  const [params] = useParams();
  const here = (place: string) => (place === "/" ? path === "/" : path.startsWith(place));
  const name = PLACES.find(([place]) => here(place))?.[1];
  useEffect(() => {
    document.title = name === undefined ? T.app : `${name} · ${T.app}`;
  }, [name]);
  return (
    <>
      <a className="skip" href="#content">
        {T.skip}
      </a>
      <nav aria-label={T.app} className="navigation">
        {PLACES.map(([place, title]) => (
          <Link key={place} href={href(place)} aria-current={here(place) ? "page" : undefined}>
            {title}
          </Link>
        ))}
      </nav>
      <div role="status" className={online ? "offline offline-none" : "offline"}>
        {online ? "" : T.offline}
      </div>
      <main id="content" tabIndex={-1}>
        {/* Within the landmark, since the kit puts its menus at the end of what it wraps. */}
        <KitProvider>
          <Boundary key={path}>
            <Suspense fallback={<Waiting />}>
              <Switch>
                <Route path="/" component={BomListPage} />
                <Route path="/history" component={HistoryPage} />
                <Route path="/history/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
                <Route path="/drift" component={DriftPage} />
                <Route path="/schedules" component={SchedulesPage} />
                <Route>
                  <EmptyNote title={T.trouble.missing[0]} text={T.trouble.missing[1]} />
                </Route>
              </Switch>
            </Suspense>
          </Boundary>
          {/* A run is asked for at its preview's address: meanwhile the dialog must not begin anew. */}
          {params.has("reconcile") && (
            <Boundary key={params.get("preview") ?? params.get("job") ?? ""}>
              <Suspense fallback={null}>
                <ReconcileDialog />
              </Suspense>
            </Boundary>
          )}
        </KitProvider>
      </main>
    </>
  );
}

function Waiting() {
  return (
    <Box padding="800">
      <Spinner accessibilityLabel={T.loading} />
    </Box>
  );
}
