import { Component, type ReactNode } from "react";
import { TroubleNote } from "./TroubleNote";

/** A mistake of ours in one screen leaves the others usable, and never a blank page. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return <TroubleNote trouble={null} again={() => window.location.reload()} />;
  }
}
