import {
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as Region,
} from "react-aria-components/Toast";
import { Text } from "react-aria-components/Text";
import { T } from "../texts";
import { Button } from "./Button";
import { classes } from "./classes";
import { Cross, Tick, Warning } from "./icons";
import styles from "./Toast.module.css";
import { showToasts, STAYS, type ToastWords } from "./toasts";

const AT_ONCE = 3;

// Of the module, not of a component: a message survives the screen that it was told by.
const queue = new ToastQueue<ToastWords>({ maxVisibleToasts: AT_ONCE });
showToasts((words) => queue.add(words, words.action === undefined && words.tone !== "critical" ? { timeout: STAYS } : {}));

/** The messages, each a landmark's content: F6 goes there, Escape closes one, and the focus goes back where it was. */
export default function ToastRegion() {
  return (
    <Region queue={queue} aria-label={T.house.messages} className={styles.region ?? ""}>
      {({ toast }) => {
        const { text, tone, action } = toast.content;
        const close = () => queue.close(toast.key);
        return (
          <div
            className={styles.one}
            onKeyDown={(event) => {
              if (event.key === "Escape") close();
            }}
          >
            <Toast toast={toast} className={classes(styles.toast, tone === "critical" && styles.critical)}>
              {tone === "success" && <Tick />}
              {tone === "critical" && <Warning />}
              <ToastContent role={tone === "critical" ? "alert" : "status"} className={styles.text ?? ""}>
                <Text slot="title">{text}</Text>
              </ToastContent>
              {action !== undefined && (
                <Button
                  variant="plain"
                  onPress={() => {
                    close();
                    action.onPress();
                  }}
                >
                  {action.label}
                </Button>
              )}
              <Button variant="icon" aria-label={T.dismiss} onPress={close}>
                <Cross />
              </Button>
            </Toast>
          </div>
        );
      }}
    </Region>
  );
}
