import { Button } from "react-aria-components/Button";
import styles from "./ChoiceCard.module.css";

interface ChoiceCardProps {
  /** In a word, what sets it apart from the other. */
  badge: string;
  title: string;
  text: string;
  isDisabled: boolean;
  onPress: () => void;
}

/** One of two or three ways to go on, with what it means. */
export function ChoiceCard({ badge, title, text, isDisabled, onPress }: ChoiceCardProps) {
  return (
    <Button className={styles.choice ?? ""} isDisabled={isDisabled} onPress={onPress}>
      <span className={styles.badge}>{badge}</span>
      <span className={styles.title}>{title}</span>
      <span>{text}</span>
    </Button>
  );
}
