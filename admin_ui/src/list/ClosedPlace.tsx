/** Says so where the list is narrowed to a place whose values cannot be compared: what was chosen is neither widened nor lost. */
import { Banner } from "../kit";
import { T } from "../texts";
import type { Place } from "./places";

interface ClosedPlaceProps {
  /** The place of the filter; undefined: the shop has none of that id. */
  place: Place | undefined;
  onShowAll: () => void;
}

export function ClosedPlace({ place, onShowAll }: ClosedPlaceProps) {
  if (place !== undefined && place.active && !place.fulfillment_service) return null;
  const [title, text] = words(place);
  return (
    <Banner tone="warning" title={title} action={{ label: T.list.showAllPlaces, onPress: onShowAll }}>
      <p>{text}</p>
    </Banner>
  );
}

function words(place: Place | undefined): [string, string] {
  if (place === undefined) return [T.list.unknownPlaceTitle, T.list.unknownPlaceText];
  if (!place.active) return [T.list.closedAt(place.name), T.list.closedText];
  return [T.list.serviceAt(place.name), T.list.serviceText];
}
