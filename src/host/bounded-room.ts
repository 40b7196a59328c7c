import { boundYoungObjects } from '../base/young-objects.js';

let end: (() => void) | undefined;

/**
 * Rows in work are short-lived: more room for them costs memory and saves nothing measurable. It is bounded when a rule is
 * loaded, not by a flag with which the host is started: what Node keeps compiled of its own code is good for the usual flags
 * alone, and to compile it takes a host as long as a small part.
 */
export function boundRoom(): void {
  end ??= boundYoungObjects();
}

/** Before what V8 compiled is kept. */
export function endBoundRoom(): void {
  end?.();
  end = undefined;
}
