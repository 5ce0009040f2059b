/** What people have written about a run: for whoever looks at it later. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import type { Job } from "../api/queries";
import { dateTime } from "../formats";
import { Button, Field, Heading, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import styles from "./Notes.module.css";

const MOST = 20;
const LONGEST = 500;

export function Notes({ job }: { job: Job }) {
  return (
    <Stack gap="300">
      <Heading level={2}>{T.runPage.notes}</Heading>
      {job.notes.length === 0 ? (
        <Text tone="subdued">{T.runPage.noNotes}</Text>
      ) : (
        <ol className={styles.notes}>
          {job.notes.map((note) => (
            <li key={note.note_id}>
              <p className={styles.text}>{note.text}</p>
              <Text tone="subdued" small>
                {T.runPage.noteBy(note.who, dateTime(note.at))}
              </Text>
            </li>
          ))}
        </ol>
      )}
      {job.notes.length < MOST ? <NewNote job={job} /> : <Text tone="subdued">{T.runPage.mostNotes}</Text>}
    </Stack>
  );
}

function NewNote({ job }: { job: Job }) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [noteId, setNoteId] = useState(() => ulid());
  const add = useMutation({
    mutationFn: () =>
      body(api.POST("/api/jobs/{job_id}/notes", { params: { path: { job_id: job.job_id } }, body: { text: text.trim(), note_id: noteId } })),
    onSuccess: (now) => {
      client.setQueryData(["job", job.job_id], now);
      setText("");
      setNoteId(ulid());
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "" && !add.isPending) add.mutate();
  };
  return (
    <form onSubmit={send} className={styles.form}>
      <Field label={T.runPage.note} help={T.runPage.noteHelp} maxLength={LONGEST} value={text} onChange={setText} />
      <div>
        <Button type="submit" isPending={add.isPending} isDisabled={text.trim() === ""}>
          {T.runPage.addNote}
        </Button>
      </div>
      {add.error !== null && <TroubleNote trouble={add.error} again={() => add.mutate()} />}
    </form>
  );
}
