/** Missed webhooks day by day: bars to look at, and the same as a table. */
import { useQuery } from "@tanstack/react-query";
import { count, shortDay } from "../formats";
import { type Column, Heading, Stack, Table, Text, useNarrow } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./DriftChart.module.css";
import { type DayOfDrift, DAYS, driftByDayQuery } from "./queries";

const HEIGHT = 160;
const FOOT = 22;

const known = (day: DayOfDrift, number: number) => (day.looked ? count(number) : T.drift.notKnown);

const COLUMNS: Column<DayOfDrift>[] = [
  { name: "day", title: T.drift.day, cell: ({ day }) => shortDay(day) },
  { name: "missed", title: T.drift.neverCame, number: true, cell: (day) => known(day, day.missed) },
  { name: "late", title: T.drift.late, number: true, cell: (day) => known(day, day.late) },
  { name: "repaired", title: T.drift.repaired, number: true, cell: (day) => known(day, day.repaired) },
];

export function DriftChart() {
  const narrow = useNarrow();
  const found = useQuery(driftByDayQuery);
  if (found.data === undefined) {
    return found.error === null ? (
      <p role="status">{T.loading}</p>
    ) : (
      <TroubleNote trouble={found.error} again={() => void found.refetch()} />
    );
  }
  const days = found.data;
  const most = Math.max(1, ...days.map((day) => day.missed + day.late));
  const none = days.every((day) => day.missed + day.late === 0);
  const width = narrow ? 360 : 700;
  const step = width / DAYS;
  const tall = (number: number) => ((HEIGHT - FOOT - 16) * number) / most;
  const heading = <Heading level={2}>{T.drift.chart}</Heading>;
  if (none) {
    return (
      <Stack gap="300">
        {heading}
        <Text>{T.drift.noneSeen(DAYS)}</Text>
      </Stack>
    );
  }
  return (
    <Stack gap="300">
      {heading}
      <svg className={styles.chart} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={T.drift.chartLabel(DAYS)}>
        {days.map(({ day, missed, late }, place) => {
          const x = place * step + step * 0.2;
          const floor = HEIGHT - FOOT;
          const all = missed + late;
          return (
            <g key={day}>
              <rect className={styles.missed} x={x} y={floor - tall(missed)} width={step * 0.6} height={tall(missed)} />
              <rect className={styles.late} x={x} y={floor - tall(all)} width={step * 0.6} height={tall(late)} />
              {all > 0 && (
                <text x={x + step * 0.3} y={floor - tall(all) - 4} textAnchor="middle">
                  {count(all)}
                </text>
              )}
              {place % (narrow ? 4 : 2) === 1 && (
                <text x={x + step * 0.3} y={HEIGHT - 6} textAnchor="middle">
                  {shortDay(day)}
                </text>
              )}
            </g>
          );
        })}
        <line x1={0} x2={width} y1={HEIGHT - FOOT} y2={HEIGHT - FOOT} className={styles.floor} />
      </svg>
      <p className={styles.legend}>
        <span className={styles.missed} /> {T.drift.neverCame} <span className={styles.late} /> {T.drift.late}
      </p>
      <details>
        <summary>{T.drift.asTable}</summary>
        <Table label={T.drift.chart} columns={COLUMNS} rows={days} rowKey={({ day }) => day} />
      </details>
    </Stack>
  );
}
