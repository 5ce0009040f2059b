/** Notices, each with what happened, what it means, and what to do. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { dateTime } from "../formats";
import { Badge, Button } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./NoticeList.module.css";
import type { Notice } from "./queries";

const TONES = { news: undefined, decision: "attention", trouble: "critical" } as const;

interface NoticeListProps {
  label: string;
  notices: readonly Notice[];
  onShow: (link: string) => void;
}

export function NoticeList({ label, notices, onShow }: NoticeListProps) {
  const client = useQueryClient();
  const dismiss = useMutation({
    mutationFn: (notice_id: string) => body(api.POST("/api/notices/{notice_id}/dismiss", { params: { path: { notice_id } } })),
    // The live connection tells it, too; this tab need not wait.
    onSuccess: () => client.invalidateQueries({ queryKey: ["notices", "list"] }),
  });
  return (
    <>
      {dismiss.error !== null && <TroubleNote trouble={dismiss.error} />}
      <ul aria-label={label} className={styles.list}>
        {notices.map((one) => (
          <li key={one.notice_id} className={styles.one}>
            <div className={styles.top}>
              <Badge tone={one.open ? TONES[one.urgency] : undefined}>{T.notices.urgencies[one.urgency]}</Badge>
              <span className={styles.time}>{dateTime(one.at)}</span>
            </div>
            <p className={styles.title}>{one.title}</p>
            <p className={styles.text}>{one.meaning}</p>
            <p className={styles.text}>
              {T.notices.todo} {one.remedy}
            </p>
            <div className={styles.actions}>
              <Button aria-label={T.notices.showOf(one.title)} onPress={() => onShow(one.link)}>
                {T.show}
              </Button>
              {one.open && (
                <Button
                  aria-label={T.notices.dismissOf(one.title)}
                  isPending={dismiss.isPending && dismiss.variables === one.notice_id}
                  onPress={() => dismiss.mutate(one.notice_id)}
                >
                  {T.notices.dismiss}
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
