import type { ReactNode } from "react";
import { BlockStack, Box, InlineStack, Text } from "../kit";

/** Why there is nothing here, and what brings something. */
export function EmptyNote({ title, text, action }: { title: string; text: string; action?: ReactNode }) {
  return (
    <Box padding="800">
      <BlockStack gap="200" inlineAlign="center">
        <Text as="p" variant="headingMd" alignment="center">
          {title}
        </Text>
        <Text as="p" tone="subdued" alignment="center">
          {text}
        </Text>
        {action !== undefined && <InlineStack>{action}</InlineStack>}
      </BlockStack>
    </Box>
  );
}
