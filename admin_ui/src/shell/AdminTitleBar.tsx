/** The admin's title bar over the page: where the merchant is, the way back, and what can be done here. */
import { AdminButton, AdminLink, AdminTitle } from "./elements";

export interface TitleAction {
  label: string;
  onPress: () => void;
  isDisabled?: boolean;
}

interface AdminTitleBarProps {
  title: string;
  back: { label: string } | undefined;
  primary: TitleAction | undefined;
  secondary: readonly TitleAction[];
}

/** Where a screen below another one lies: the path above it. */
const parent = () => window.location.pathname.replace(/\/[^/]*$/, "") || "/";

export function AdminTitleBar({ title, back, primary, secondary }: AdminTitleBarProps) {
  const button = (slot: "primary-action" | "secondary-actions", { label, onPress, isDisabled = false }: TitleAction) => (
    <AdminButton key={label} slot={slot} onClick={onPress} disabled={isDisabled ? "" : undefined}>
      {label}
    </AdminButton>
  );
  return (
    <AdminTitle heading={title}>
      {back !== undefined && (
        <AdminLink slot="breadcrumb-actions" href={parent()}>
          {back.label}
        </AdminLink>
      )}
      {primary !== undefined && button("primary-action", primary)}
      {secondary.map((action) => button("secondary-actions", action))}
    </AdminTitle>
  );
}
