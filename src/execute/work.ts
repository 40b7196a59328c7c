import type { TaskMessage } from '../host/protocol.js';
import type { Target } from '../config/pipeline.js';
import type { Decision } from '../plan/decision.js';
import type { Handing } from './handing.js';
import type { ListingAhead } from './list-ahead.js';
import type { Run } from './run.js';
import type { Grant, Slots } from './slots.js';
import type { Staging } from './staging.js';

/** What is shared by all pieces of work of one target in one attempt. */
export interface TargetWork {
  readonly run: Run;
  readonly target: Target;
  readonly decision: Extract<Decision, { state: 'stale' }>;
  readonly handing: Handing;
  readonly staging: Staging;
  readonly slots: Slots;
  /** What the target holds when its work begins: enough for a whole rule or command, one slot where it lists parts. */
  readonly grant: Grant;
  /** Where in the queue for slots this target's work stands. */
  readonly priority: () => number;
  readonly signal: AbortSignal;
  /** Nothing remembered is taken: parts are made again. */
  readonly forced: boolean;
  readonly askAgain: boolean;
  /** Of its parts, begun while the target was decided. */
  readonly ahead: ListingAhead | undefined;
}

/** Passes on what a task says, or a part of it: lines to the log and the screen, progress to the screen. */
export function relay(
  { run, target }: Pick<TargetWork, 'run' | 'target'>,
  phase?: 'assemble',
): (message: TaskMessage, part?: string) => void {
  return (message, part) => {
    const of = part === undefined ? { target: target.name } : { target: target.name, part };
    if (message.type === 'log') {
      const line = run.scrub(message.line);
      run.log(target.name).write(line, part);
      run.emit({ type: 'log', ...of, ...(phase === undefined ? {} : { phase }), stream: message.stream, line });
    } else if (message.type === 'progress') {
      const { done, total, unit } = message;
      run.emit({
        type: 'progress',
        ...of,
        done,
        ...(total === undefined ? {} : { total }),
        ...(unit === undefined ? {} : { unit }),
      });
    }
  };
}
