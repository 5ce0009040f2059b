import type { ReactNode } from "react";
import { CheckboxButton, CheckboxField, type CheckboxFieldProps } from "react-aria-components/Checkbox";
import styles from "./Checkbox.module.css";
import { Dash, Tick } from "./icons";

interface CheckboxProps extends Pick<CheckboxFieldProps, "isSelected" | "isDisabled" | "onChange" | "slot" | "aria-label"> {
  children?: ReactNode;
}

/** Yes or no. */
export function Checkbox({ children, ...rest }: CheckboxProps) {
  return (
    <CheckboxField {...rest}>
      <CheckboxButton className={styles.checkbox ?? ""}>
        {({ isIndeterminate }) => (
          <>
            <span className={styles.box}>{isIndeterminate ? <Dash /> : <Tick />}</span>
            {children}
          </>
        )}
      </CheckboxButton>
    </CheckboxField>
  );
}
