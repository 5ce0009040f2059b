// React 18 passes the attribute on as it is; its types came with React 19.
import "react";

declare module "react" {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the declaration that is added to has this parameter
  interface HTMLAttributes<T> {
    popover?: "auto" | "manual";
  }
}
