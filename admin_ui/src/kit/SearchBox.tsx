import { Button } from "react-aria-components/Button";
import { Input } from "react-aria-components/Input";
import { SearchField } from "react-aria-components/SearchField";
import { classes } from "./classes";
import buttonStyles from "./Button.module.css";
import styles from "./Field.module.css";
import { Cross, Lens } from "./icons";
import { Spinner } from "./Spinner";

interface SearchBoxProps {
  label: string;
  placeholder: string;
  maxLength: number;
  value: string;
  onChange: (value: string) => void;
  /** What is typed is not what is shown yet. */
  isPending: boolean;
}

/** A line to search by; Escape and the cross empty it. */
export function SearchBox({ label, placeholder, isPending, ...rest }: SearchBoxProps) {
  return (
    <SearchField {...rest} aria-label={label} autoComplete="off" className={styles.search ?? ""}>
      <Lens />
      <Input className={styles.input ?? ""} placeholder={placeholder} />
      {/* Told as at work from the first key on, before anything is asked for. */}
      <div className={styles.end} aria-busy={isPending}>
        {isPending && <Spinner small />}
        <Button className={classes(buttonStyles.button, buttonStyles.icon)}>
          <Cross />
        </Button>
      </div>
    </SearchField>
  );
}
