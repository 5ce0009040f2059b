/** Asks before what is not saved is dropped, where Shopify's admin does not ask. */
import { Button, Dialog } from "../kit";
import { useLeavingQuestion } from "../shell";
import { T } from "../texts";

export function LeavingDialog() {
  const question = useLeavingQuestion();
  if (question === null) return null;
  const stay = () => question.answer(false);
  return (
    <Dialog
      title={T.house.leaveTitle}
      onClose={stay}
      footer={
        <>
          <Button onPress={stay}>{T.house.stay}</Button>
          <Button variant="primary" tone="critical" onPress={() => question.answer(true)}>
            {T.house.leave}
          </Button>
        </>
      }
    >
      <p>{T.house.leaveText}</p>
    </Dialog>
  );
}
