/** Who did something, of what is kept of them: as the service says it in its own sentences. */
export function personName(by: string): string {
  const key = /^key:[0-9a-z]+ \((.*)\)$/s.exec(by)?.[1];
  if (key !== undefined) return `${key} (a server's key)`;
  return by.startsWith("user:") ? `Staff member ${by.slice(5)}` : by;
}
