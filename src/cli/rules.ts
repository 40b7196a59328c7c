import { EXIT } from '../diagnostics/diagnostic.js';
import type { RuleLoader } from '../rule/loader.js';
import { enterDirectory } from './flags.js';
import { onInterrupt } from './interrupt.js';

/** Opens the rules alone, for commands that need no pipeline file. */
export async function withRules<T>(directory: string | undefined, use: (rules: RuleLoader) => Promise<T>): Promise<T> {
  enterDirectory(directory);
  const letGo = onInterrupt(() => process.exit(EXIT.interrupted));
  try {
    const { openRules } = await import('../execute/rules.js');
    const { rules, close } = openRules(process.cwd());
    try {
      return await use(rules);
    } finally {
      await close();
    }
  } finally {
    letGo();
  }
}
