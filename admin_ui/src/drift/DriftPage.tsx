export default function DriftPage() {
  return null;
}
