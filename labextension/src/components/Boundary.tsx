import React from 'react';

interface IBoundaryProps {
  /** What is shown in the place of what cannot be drawn. */
  fallback: React.ReactNode;
  children: React.ReactNode;
}

/** What cannot be drawn takes away no more than itself. */
export class Boundary extends React.Component<IBoundaryProps, { hasFailed: boolean }> {
  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override state = { hasFailed: false };

  override render(): React.ReactNode {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
