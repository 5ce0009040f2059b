/** From a number to its history. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { storyHref } from "./storyHref";
import styles from "./StoryLink.module.css";

interface StoryLinkProps {
  bomId: string;
  locationId: string;
  /** What a screen reader says of it, where its text does not say it all. */
  label?: string;
  children: ReactNode;
}

export function StoryLink({ bomId, locationId, label, children }: StoryLinkProps) {
  return (
    <Link href={storyHref(bomId, locationId)} aria-label={label} className={styles.link}>
      {children}
    </Link>
  );
}
