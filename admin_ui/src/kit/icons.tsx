/** The few signs of the page, drawn here. They repeat what a text says, so they are hidden from screen readers. */

interface SignProps {
  /** What is drawn on a field of 16 by 16. */
  path: string;
}

function Sign({ path }: SignProps) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const Cross = () => <Sign path="M4 4l8 8M12 4l-8 8" />;
export const Caret = ({ up = false }: { up?: boolean }) => <Sign path={up ? "M4 10l4-4 4 4" : "M4 6l4 4 4-4"} />;
export const Before = () => <Sign path="M10 3.5L5.5 8l4.5 4.5" />;
export const After = () => <Sign path="M6 3.5L10.5 8 6 12.5" />;
export const Tick = () => <Sign path="M3.5 8.5l3 3 6-7" />;
export const Dash = () => <Sign path="M4 8h8" />;
export const Lens = () => <Sign path="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5L14 14" />;
export const Warning = () => <Sign path="M8 2.5l6 10.5H2zM8 6.5v3M8 11.4v.1" />;
export const Ring = () => <Sign path="M3.5 11.5h9c-1-1-1.3-2-1.3-4a3.2 3.2 0 0 0-6.4 0c0 2-.3 3-1.3 4zM6.8 13.8a1.4 1.4 0 0 0 2.4 0" />;
export const Info = () => <Sign path="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5v3.5M8 5v.1" />;
