/** What has happened, day by day: when, what, who, and both numbers before and after. */
import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime, shortTime, wholeDay } from "../formats";
import { classes } from "../kit";
import { T } from "../texts";
import type { StoryEvent } from "./queries";
import styles from "./StoryList.module.css";

export function StoryList({ events }: { events: readonly StoryEvent[] }) {
  return (
    <section aria-label={T.story.list} className={styles.story}>
      {byDay(events).map(([day, ofDay]) => (
        <section key={day} aria-label={day} className={styles.day}>
          <h2 className={styles.heading}>{day}</h2>
          <ol className={styles.events}>
            {ofDay.map((event) => (
              <Event key={event.event_id} event={event} />
            ))}
          </ol>
        </section>
      ))}
    </section>
  );
}

function byDay(events: readonly StoryEvent[]): [string, StoryEvent[]][] {
  const days: [string, StoryEvent[]][] = [];
  for (const event of events) {
    const day = wholeDay(event.at);
    const last = days.at(-1);
    if (last !== undefined && last[0] === day) last[1].push(event);
    else days.push([day, [event]]);
  }
  return days;
}

function Event({ event }: { event: StoryEvent }) {
  const { run } = event;
  return (
    <li className={classes(styles.event, styles[event.group], !event.changed && styles.still)}>
      <time dateTime={event.at} className={styles.time}>
        {shortTime(event.at)}
      </time>
      <div className={styles.told}>
        <p className={styles.what}>{event.told}</p>
        {event.why !== null && <p className={styles.why}>{event.why}</p>}
        <p className={styles.who}>
          {event.who}
          {run !== null && (
            <>
              {" · "}
              <Link href={href(`/history/${run.job_id}`)}>{T.story.run(dateTime(run.requested_at))}</Link>
            </>
          )}
        </p>
      </div>
      <dl className={styles.sides}>
        <Side name={T.story.local} before={event.count_before} after={event.count_after} />
        <Side name={T.story.shopify} before={event.shopify_before} after={event.shopify_after} />
      </dl>
    </li>
  );
}

/** One side's number: as it was, where the event has not moved it. */
function Side({ name, before, after }: { name: string; before: number | null; after: number | null }) {
  const moved = before !== after;
  return (
    <div className={moved ? styles.moved : undefined}>
      <dt>{name}</dt>
      <dd>{moved ? T.story.from(count(before), count(after)) : count(after)}</dd>
    </div>
  );
}
