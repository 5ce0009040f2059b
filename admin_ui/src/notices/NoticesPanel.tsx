/** What the bell opens: what needs somebody first, then what happened lately. */
import { useEffect } from "react";
import { api } from "../api/client";
import { Button, Heading, Inline, Popover, Skeleton, Stack, Text } from "../kit";
import { T } from "../texts";
import { NoticeList } from "./NoticeList";
import type { NoticeState } from "./queries";

interface NoticesPanelProps {
  anchor: HTMLElement;
  state: NoticeState | undefined;
  onShow: (link: string) => void;
  onClose: () => void;
}

export default function NoticesPanel({ anchor, state, onShow, onClose }: NoticesPanelProps) {
  const latest = state?.items.reduce<string | null>((last, one) => (last === null || one.at > last ? one.at : last), null) ?? null;
  const unseen = state?.unseen ?? 0;
  useEffect(() => {
    // Not worth a word if it fails: it stays new, and is seen the next time.
    if (latest !== null && unseen > 0) void api.POST("/api/seen-notices", { body: { until: latest } }).catch(() => undefined);
  }, [latest, unseen]);
  const show = (link: string) => {
    onClose();
    onShow(link);
  };
  const open = state?.items.filter((one) => one.open) ?? [];
  const lately = state?.items.filter((one) => !one.open) ?? [];
  return (
    <Popover anchor={anchor} label={T.notices.title} title={T.notices.title} subtitle={T.notices.subtitle} onClose={onClose}>
      {state === undefined ? (
        <Skeleton label={T.loading} lines={4} />
      ) : (
        <Stack gap="400">
          {open.length > 0 ? (
            <Stack gap="300">
              <Heading level={3}>{T.notices.needs}</Heading>
              <NoticeList label={T.notices.needs} notices={open} onShow={show} />
            </Stack>
          ) : (
            <Text tone="subdued">{lately.length > 0 ? T.notices.nothingOpen : T.notices.none}</Text>
          )}
          {lately.length > 0 && (
            <Stack gap="300">
              <Heading level={3}>{T.notices.lately}</Heading>
              <NoticeList label={T.notices.lately} notices={lately} onShow={show} />
            </Stack>
          )}
          <Inline gap="200">
            <Button variant="plain" onPress={() => show("/notifications")}>
              {T.notices.settings}
            </Button>
          </Inline>
        </Stack>
      )}
    </Popover>
  );
}
