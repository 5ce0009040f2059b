/**
 * The only file that knows Polaris, with `kit.css`. A move to another set of components is a change of these two.
 *
 * Fonts come from the merchant's system: nothing is loaded from elsewhere.
 */
import english from "@shopify/polaris/locales/en.json";
import { AppProvider } from "@shopify/polaris";
import type { ReactNode } from "react";

export {
  ActionList,
  Badge,
  Banner,
  BlockStack,
  Box,
  Button,
  Card,
  Checkbox,
  Divider,
  InlineStack,
  Page,
  Popover,
  ProgressBar,
  Select,
  SkeletonBodyText,
  Spinner,
  Text,
  TextField,
} from "@shopify/polaris";

export function KitProvider({ children }: { children: ReactNode }) {
  return <AppProvider i18n={english}>{children}</AppProvider>;
}
