import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";
import styles from "./Field.module.css";

interface FieldProps extends Pick<TextFieldProps, "value" | "onChange" | "inputMode" | "maxLength" | "isDisabled"> {
  label: string;
  /** Days and times take the browser's own field: it knows the merchant's way of writing them, and phones their picker. */
  type?: "text" | "url" | "password" | "date" | "time";
  placeholder?: string;
  help?: string | undefined;
  /** What is wrong with it, and what would be right. */
  error?: string | undefined;
}

/** A line to write in. */
export function Field({ label, placeholder, help, error, ...rest }: FieldProps) {
  return (
    // Judged by the screen, which knows when: the browser's own verdict would come as a bubble.
    <TextField {...rest} className={styles.field ?? ""} autoComplete="off" isInvalid={error !== undefined} validationBehavior="aria">
      <Label className={styles.label ?? ""}>{label}</Label>
      <Input className={styles.input ?? ""} placeholder={placeholder} />
      {help !== undefined && (
        <Text slot="description" className={styles.help ?? ""}>
          {help}
        </Text>
      )}
      <FieldError className={styles.error ?? ""}>{error}</FieldError>
    </TextField>
  );
}
