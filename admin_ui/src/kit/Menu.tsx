import { Menu as AriaMenu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "./Button";
import styles from "./Menu.module.css";

interface MenuProps {
  label: string;
  /** Its name where the label alone does not say what it is of. */
  name?: string;
  items: readonly { label: string; onAction: () => void }[];
}

/** Things to do, behind one button. */
export function Menu({ label, name, items }: MenuProps) {
  return (
    <MenuTrigger>
      <Button disclosure="down" aria-label={name}>{label}</Button>
      <Popover placement="bottom start" offset={4} className={styles.popover ?? ""}>
        <AriaMenu className={styles.menu ?? ""}>
          {items.map((item) => (
            <MenuItem key={item.label} className={styles.item ?? ""} onAction={item.onAction}>
              {item.label}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
