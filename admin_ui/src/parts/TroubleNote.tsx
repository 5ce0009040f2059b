/** What went wrong, and what to do about it. */
import { Trouble } from "../api/trouble";
import { Banner, Button, Inline, Stack, Text } from "../kit";
import { refusal, T } from "../texts";

export function TroubleNote({ trouble, again }: { trouble: unknown; again?: (() => void) | undefined }) {
  const known = trouble instanceof Trouble ? trouble : new Trouble("server");
  const [title, text] = T.trouble[known.kind];
  const remedies = [...new Set(known.fields.map((field) => `${field.message} ${field.remedy}`))];
  const asked = known.kind === "busy" || known.kind === "refused" || known.kind === "missing" || known.kind === "server";
  const told = asked ? refusal(known.type, remedies.length > 0 ? remedies : [known.detail ?? ""]) : [];
  return (
    <div role="alert">
      <Banner tone={known.passes ? "warning" : "critical"} title={title}>
        <Stack gap="200">
          {(told.length > 0 ? told : [text]).map((sentence) => (
            <Text key={sentence}>{sentence}</Text>
          ))}
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
