/** What went wrong, and what to do about it. */
import { Trouble } from "../api/trouble";
import { Banner, Button, Inline, Stack, Text } from "../kit";
import { T } from "../texts";

export function TroubleNote({ trouble, again }: { trouble: unknown; again?: (() => void) | undefined }) {
  const known = trouble instanceof Trouble ? trouble : new Trouble("server");
  const [title, text] = T.trouble[known.kind];
  const remedies = [...new Set(known.fields.map((field) => `${field.message} ${field.remedy}`))];
  const told = known.kind === "busy" || known.kind === "refused" || known.kind === "missing" || known.kind === "server";
  // What a server of ours that is away means is written for programs that call the API.
  const detail = /(broker|store)-unavailable$/.test(known.type ?? "") ? undefined : known.detail;
  return (
    <div role="alert">
      <Banner tone={known.passes ? "warning" : "critical"} title={title}>
        <Stack gap="200">
          {told && remedies.length > 0 ? (
            remedies.map((remedy) => <Text key={remedy}>{remedy}</Text>)
          ) : (
            <Text>{(told && detail) || text}</Text>
          )}
          {again !== undefined && known.kind !== "outside" && (
            <Inline>
              <Button onPress={known.kind === "session" ? () => window.location.reload() : again}>{T.retry}</Button>
            </Inline>
          )}
        </Stack>
      </Banner>
    </div>
  );
}
