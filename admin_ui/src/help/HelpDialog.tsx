/** What the screen is for, its words, and the way to the whole guide. */
import { useLocation } from "wouter";
import { href } from "../address";
import { Button, Dialog, Heading, Stack, Text } from "../kit";
import { type Explained, help } from "../texts/help";
import styles from "./Help.module.css";

const SCREENS: Record<string, Explained> = help.screens;

export default function HelpDialog({ path, onClose }: { path: string; onClose: () => void }) {
  const [, navigate] = useLocation();
  const name = Object.keys(SCREENS).find((screen) => screen !== "/" && path.startsWith(screen)) ?? "/";
  const screen = SCREENS[name];
  if (screen === undefined) return null;
  return (
    <Dialog
      title={help.of(screen.title)}
      onClose={onClose}
      footer={
        <Button
          onPress={() => {
            onClose();
            navigate(href("/help"));
          }}
        >
          {help.guide}
        </Button>
      }
    >
      <Stack gap="400">
        <Text>{screen.text}</Text>
        <Heading level={3}>{help.words}</Heading>
        <dl className={styles.words}>
          {screen.words.map(([word, meaning]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </Stack>
    </Dialog>
  );
}
