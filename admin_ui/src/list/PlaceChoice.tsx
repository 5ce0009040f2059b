/** Chooses the places that stand as columns, where there are more than fit beside each other. */
import { useRef, useState } from "react";
import { Button, Checkbox, Popover, Stack, Text } from "../kit";
import { T } from "../texts";
import styles from "./PlaceChoice.module.css";
import type { Place } from "./places";

interface PlaceChoiceProps {
  places: readonly Place[];
  shown: readonly Place[];
  fit: number;
  onChoose: (ids: readonly string[]) => void;
}

export function PlaceChoice({ places, shown, fit, onChoose }: PlaceChoiceProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLDivElement>(null);
  const ids = shown.map((place) => place.location_id);
  const full = ids.length >= fit;
  return (
    <div className={styles.row} ref={button}>
      <Button disclosure={open ? "up" : "down"} aria-haspopup="dialog" onPress={() => setOpen(!open)}>
        {T.list.placesShown(shown.length, places.length)}
      </Button>
      {open && button.current !== null && (
        <Popover
          anchor={button.current.querySelector("button") ?? button.current}
          label={T.list.choosePlaces}
          title={T.list.choosePlaces}
          subtitle={T.list.placesFit(fit)}
          onClose={() => setOpen(false)}
        >
          <Stack gap="200">
            {full && <Text tone="subdued">{T.list.placesFull}</Text>}
            <div className={styles.choices}>
              {places.map(({ location_id: id, name }) => (
                <Checkbox
                  key={id}
                  isSelected={ids.includes(id)}
                  isDisabled={ids.includes(id) ? ids.length === 1 : full}
                  onChange={(wanted) => onChoose(wanted ? [...ids, id] : ids.filter((other) => other !== id))}
                >
                  {name}
                </Checkbox>
              ))}
            </div>
          </Stack>
        </Popover>
      )}
    </div>
  );
}
