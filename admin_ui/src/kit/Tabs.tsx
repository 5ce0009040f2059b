import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components/Tabs";
import styles from "./Tabs.module.css";

export interface TabItem<Name extends string = string> {
  name: Name;
  title: string;
  /** How many things there are behind it, or that need somebody. */
  badge?: string | undefined;
}

interface TabsProps<Name extends string> {
  label: string;
  tabs: readonly TabItem<Name>[];
  chosen: Name;
  onChoose: (name: Name) => void;
  /** What the chosen one shows. */
  children: ReactNode;
}

/** Parts of one screen, one of them shown. The arrow keys go from one to the next, and it is shown at once. */
export function Tabs<Name extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<Name>) {
  return (
    // What is chosen is one of the tabs.
    <AriaTabs selectedKey={chosen} onSelectionChange={(key) => onChoose(key as Name)} className={styles.tabs ?? ""}>
      <TabList aria-label={label} className={styles.list ?? ""}>
        {tabs.map(({ name, title, badge }) => (
          <Tab key={name} id={name} className={styles.tab ?? ""}>
            {title}
            {badge !== undefined && <span className={styles.badge}>{badge}</span>}
          </Tab>
        ))}
      </TabList>
      <TabPanel key={chosen} id={chosen} className={styles.panel ?? ""}>
        {children}
      </TabPanel>
    </AriaTabs>
  );
}
