/** Missed webhooks day by day: bars to look at, and the same as a table. */
import { useQuery } from "@tanstack/react-query";
import { count, shortDay } from "../formats";
import { BlockStack, Text } from "../kit";
import { useNarrow } from "../parts/narrow";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { DAYS, driftByDayQuery } from "./queries";

const HEIGHT = 160;
const FOOT = 22;

export function DriftChart() {
  const narrow = useNarrow();
  const found = useQuery(driftByDayQuery);
  if (found.data === undefined) {
    return found.error === null ? <p role="status">{T.loading}</p> : <TroubleNote trouble={found.error} again={() => void found.refetch()} />;
  }
  const days = found.data;
  const most = Math.max(1, ...days.map((day) => day.missed + day.late));
  const none = days.every((day) => day.missed + day.late === 0);
  const width = narrow ? 360 : 700;
  const step = width / DAYS;
  const tall = (number: number) => ((HEIGHT - FOOT - 16) * number) / most;
  const heading = (
    <Text as="h2" variant="headingMd">
      {T.drift.chart}
    </Text>
  );
  if (none) {
    return (
      <BlockStack gap="300">
        {heading}
        <Text as="p">{T.drift.noneSeen(DAYS)}</Text>
      </BlockStack>
    );
  }
  return (
    <BlockStack gap="300">
      {heading}
      <svg className="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={T.drift.chartLabel(DAYS)}>
        {days.map(({ day, missed, late }, place) => {
          const x = place * step + step * 0.2;
          const floor = HEIGHT - FOOT;
          const all = missed + late;
          return (
            <g key={day.getTime()}>
              <rect className="chart-missed" x={x} y={floor - tall(missed)} width={step * 0.6} height={tall(missed)} />
              <rect className="chart-late" x={x} y={floor - tall(all)} width={step * 0.6} height={tall(late)} />
              {all > 0 && (
                <text x={x + step * 0.3} y={floor - tall(all) - 4} textAnchor="middle">
                  {count(all)}
                </text>
              )}
              {place % (narrow ? 4 : 2) === 1 && (
                <text x={x + step * 0.3} y={HEIGHT - 6} textAnchor="middle">
                  {shortDay(day.toISOString())}
                </text>
              )}
            </g>
          );
        })}
        <line x1={0} x2={width} y1={HEIGHT - FOOT} y2={HEIGHT - FOOT} className="chart-floor" />
      </svg>
      <p className="legend">
        <span className="legend-missed" /> {T.drift.neverCame} <span className="legend-late" /> {T.drift.late}
      </p>
      <details>
        <summary>{T.drift.asTable}</summary>
        <table className="boms">
          <thead>
            <tr>
              <th scope="col">{T.drift.day}</th>
              <th scope="col">{T.drift.neverCame}</th>
              <th scope="col">{T.drift.late}</th>
              <th scope="col">{T.drift.repaired}</th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, missed, late, repaired, looked }) => (
              <tr key={day.getTime()}>
                <th scope="row">{shortDay(day.toISOString())}</th>
                <td>{looked ? count(missed) : T.drift.notKnown}</td>
                <td>{looked ? count(late) : T.drift.notKnown}</td>
                <td>{looked ? count(repaired) : T.drift.notKnown}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </BlockStack>
  );
}
