import { Menu as AriaMenu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Button } from "./Button";
import styles from "./Menu.module.css";

interface MenuProps {
  label: string;
  items: readonly { label: string; onAction: () => void }[];
}

/** Things to do, behind one button. */
export function Menu({ label, items }: MenuProps) {
  return (
    <MenuTrigger>
      <Button disclosure="down">{label}</Button>
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
