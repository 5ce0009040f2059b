/** The import that is under way, waits for a person, or has just been done. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId } from "react";
import { useLocation } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { Badge, Banner, Button, Figures, Heading, Inline, Named, Progress, Stack, Text } from "../kit";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { apply, discard, goesOn, type Import } from "./queries";
import { ImportRows } from "./ImportRows";

export function ThisImport({ one }: { one: Import }) {
  const client = useQueryClient();
  const isDone = one.result !== null;
  useEffect(() => {
    // The list of BOMs is another one now.
    if (isDone) void client.invalidateQueries({ queryKey: ["boms"] });
  }, [client, isDone]);
  return (
    <Stack gap="400">
      <Inline>
        <Heading level={2}>{one.file_name ?? T.imports.allVariants}</Heading>
        <span role="status">
          <Badge tone={one.state === "done" ? "success" : one.state === "checked" ? "attention" : "info"}>{T.imports.states[one.state]}</Badge>
        </span>
      </Inline>
      <Text tone="subdued">{T.imports.asked(T.settings.person(one.requested_by), dateTime(one.started_at))}</Text>
      {one.trouble !== null && (
        <Banner tone="warning" title={T.imports.stopped}>
          <p>{one.trouble}</p>
        </Banner>
      )}
      {goesOn(one) && <UnderWay one={one} />}
      {one.state === "checked" && <Decide one={one} />}
      {one.result !== null && <Result result={one.result} />}
      {one.foreseen !== null && !goesOn(one) && (
        <>
          <ImportRows one={one} />
          <div>
            <SaveButton label={T.imports.report} path={`/api/imports/${one.import_id}/report.csv`} file="import.csv" />
          </div>
        </>
      )}
    </Stack>
  );
}

function UnderWay({ one }: { one: Import }) {
  const id = useId();
  const { progress } = one;
  if (progress === null) return <Text>{T.imports.begun}</Text>;
  return (
    <Stack gap="200">
      <span id={id}>
        {T.imports.doing[progress.doing] ?? T.loading} {T.imports.progress(progress.done, progress.total)}
      </span>
      {progress.total !== null && progress.total > 0 && <Progress value={(100 * progress.done) / progress.total} labelledBy={id} />}
      <Text tone="subdued">{T.imports.leave}</Text>
    </Stack>
  );
}

function Decide({ one }: { one: Import }) {
  const client = useQueryClient();
  const told = () => client.invalidateQueries({ queryKey: ["imports"] });
  const yes = useMutation({ mutationFn: () => apply(one.import_id), onSettled: told });
  const no = useMutation({ mutationFn: () => discard(one.import_id), onSettled: told });
  const { foreseen } = one;
  if (foreseen === null) return null;
  const makes = foreseen.new + foreseen.changed;
  return (
    <Stack gap="300">
      <Heading level={3}>{T.imports.would}</Heading>
      <Figures
        figures={[
          { label: T.imports.new, value: count(foreseen.new) },
          { label: T.imports.changed, value: count(foreseen.changed) },
          { label: T.imports.known, value: count(foreseen.known) },
          { label: T.imports.refused, value: count(foreseen.refused), critical: foreseen.refused > 0 },
        ]}
      />
      {foreseen.refused > 0 && (
        <Text>
          {Object.entries(foreseen.why)
            .map(([why, number]) => T.imports.whyOf(number, T.imports.why[why] ?? T.imports.refused))
            .join(" · ")}
        </Text>
      )}
      {foreseen.not_named > 0 && <Text tone="subdued">{T.imports.notNamedText(foreseen.not_named)}</Text>}
      <Text tone="subdued">{T.imports.keeps}</Text>
      {yes.error !== null && <TroubleNote trouble={yes.error} />}
      {no.error !== null && <TroubleNote trouble={no.error} />}
      <Inline>
        {/* What is known already gets Shopify's values anew where it has none. */}
        <Button variant="primary" isDisabled={makes + foreseen.known === 0} isPending={yes.isPending} onPress={() => yes.mutate()}>
          {T.imports.apply(makes + foreseen.known)}
        </Button>
        <Button isPending={no.isPending} onPress={() => no.mutate()}>
          {T.imports.discard}
        </Button>
      </Inline>
    </Stack>
  );
}

function Result({ result }: { result: NonNullable<Import["result"]> }) {
  const [, navigate] = useLocation();
  const { places } = result;
  const notes = [
    (places.based ?? 0) > 0 ? T.imports.places(places.based ?? 0) : "",
    result.bundles > 0 ? T.imports.bundles(result.bundles) : "",
    result.untracked > 0 ? T.imports.untracked(result.untracked) : "",
    result.without_sku > 0 ? T.imports.withoutSku(result.without_sku) : "",
  ].filter((text) => text !== "");
  return (
    <Stack gap="300">
      <Heading level={3}>{T.imports.did}</Heading>
      <Figures
        figures={[
          { label: T.imports.new, value: count(result.new) },
          { label: T.imports.changed, value: count(result.changed) },
          { label: T.imports.known, value: count(result.known) },
          { label: T.imports.refused, value: count(result.refused), critical: result.refused > 0 },
        ]}
      />
      {notes.map((text) => (
        <Text key={text}>{text}</Text>
      ))}
      <Named name={T.imports.next} />
      <Inline>
        <Button onPress={() => navigate(href("/counts"))}>{T.imports.toCounts}</Button>
        <Button onPress={() => navigate(href("/"))}>{T.imports.toList}</Button>
      </Inline>
    </Stack>
  );
}
