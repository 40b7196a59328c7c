import type { EventListener } from '../execute/events.js';

/** Turns the events of a build into something a person or a program reads. */
export interface Renderer {
  readonly on: EventListener;
  /** Nothing follows: leaves the screen tidy. Safe to call twice. */
  close(): void;
}

export interface Output {
  write(text: string): unknown;
}

/** What went wrong is told apart from what was done: it is still seen where the one goes into a file. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

export type Verbosity = 'quiet' | 'normal' | 'verbose';
