import type { CacheLayout } from './layout.js';

export interface Holder {
  readonly pid: number;
  readonly run: string;
}

export interface TargetLock {
  release(): void;
}

export async function acquireTargetLock(
  layout: CacheLayout,
  target: string,
  options: { readonly run: string; readonly signal?: AbortSignal; readonly onWait?: (holder: Holder) => void },
): Promise<TargetLock> {
  throw new Error(`not written yet ${layout.locks} ${target} ${options.run}`);
}
