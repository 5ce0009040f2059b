/** Which places stand as columns of the list: those that were chosen, as many as fit beside each other. */
import { useLayoutEffect, useRef, useState } from "react";
import type { Schema } from "../api/client";

export type Place = Schema["LocationOut"];

/** Pixels. */
export const NAME_WIDTH = 250;
export const VALUE_WIDTH = 116;
export const SUM_WIDTH = 112;
export const OTHERS_WIDTH = 150;
const BOX = 40;

const KEY = `trueup.places.${new URLSearchParams(window.location.search).get("shop") ?? ""}`;

export function keptPlaces(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    // A browser may refuse storage to a page inside another one's frame.
    return [];
  }
}

export function keepPlaces(ids: readonly string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // Then they last as long as the page.
  }
}

/** How many places fit beside each other in an element of this width, of so many. */
export function fitting(width: number, places: number): number {
  const room = width - BOX - NAME_WIDTH - SUM_WIDTH;
  if (places * VALUE_WIDTH <= room) return places;
  return Math.max(1, Math.floor((room - OTHERS_WIDTH) / VALUE_WIDTH));
}

/** The places that are shown: those chosen, else the first ones, always in their own order. */
export function shownPlaces(places: readonly Place[], chosen: readonly string[], fit: number): readonly Place[] {
  const wanted = places.filter((place) => chosen.includes(place.location_id));
  return (wanted.length > 0 ? wanted : places).slice(0, fit);
}

/** The width of an element as the window changes; 0 before it is there. */
export function useWidth(): [React.RefObject<HTMLDivElement>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const watched = element.current;
    if (watched === null) return undefined;
    setWidth(watched.clientWidth);
    const observer = new ResizeObserver(() => setWidth(watched.clientWidth));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
