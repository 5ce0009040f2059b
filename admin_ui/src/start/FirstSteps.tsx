/** What a new shop does first: each step with how it stands. Gone once the first run has ended. */
import { useLocation } from "wouter";
import { href } from "../address";
import type { Schema } from "../api/client";
import { Badge, Button, Card, classes, Heading, icons, Inline, Stack, Text } from "../kit";
import { T } from "../texts";
import styles from "./FirstSteps.module.css";

interface Step {
  name: string;
  title: string;
  text: string;
  isDone: boolean;
  action?: { label: string; to: string };
}

export default function FirstSteps({ known: { boms, counted, previewed } }: { known: Schema["FirstSteps"] }) {
  const [, navigate] = useLocation();
  const steps: Step[] = [
    { name: "connect", title: T.start.connect[0], text: T.start.connect[1], isDone: true },
    {
      name: "import",
      title: T.start.import[0],
      text: boms === 0 ? T.start.import[1] : T.start.importDone(boms),
      isDone: boms > 0,
      action: { label: T.start.importAction, to: "/import" },
    },
    { name: "count", title: T.start.count[0], text: T.start.count[1], isDone: counted, action: { label: T.start.countAction, to: "/counts" } },
    { name: "preview", title: T.start.preview[0], text: T.start.preview[1], isDone: previewed },
    { name: "run", title: T.start.run[0], text: T.start.run[1], isDone: false },
  ];
  const next = steps.find((step) => !step.isDone)?.name;
  return (
    <Card>
      <Stack gap="400">
        <Stack gap="100">
          <Heading level={2}>{T.start.title}</Heading>
          <Text tone="subdued">{T.start.intro}</Text>
        </Stack>
        <ol className={styles.steps}>
          {steps.map((step, place) => (
            <li key={step.name} className={styles.step} aria-current={step.name === next ? "step" : undefined}>
              <span className={classes(styles.mark, step.isDone && styles.done)} aria-hidden="true">
                {step.isDone ? <icons.Tick /> : place + 1}
              </span>
              <Stack gap="100">
                <Inline gap="200">
                  <Text as="span" strong>
                    {step.title}
                  </Text>
                  <Badge tone={step.isDone ? "success" : step.name === next ? "info" : undefined}>
                    {step.isDone ? T.start.done : step.name === next ? T.start.next : T.start.later}
                  </Badge>
                </Inline>
                <Text tone="subdued">{step.text}</Text>
                {step.action !== undefined && !step.isDone && (
                  <Inline>
                    <StepButton isNext={step.name === next} label={step.action.label} onPress={() => navigate(href(step.action?.to ?? "/"))} />
                  </Inline>
                )}
              </Stack>
            </li>
          ))}
        </ol>
      </Stack>
    </Card>
  );
}

function StepButton({ isNext, label, onPress }: { isNext: boolean; label: string; onPress: () => void }) {
  return (
    <Button variant={isNext ? "primary" : "secondary"} onPress={onPress}>
      {label}
    </Button>
  );
}
